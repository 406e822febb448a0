"""Outlines put right by hand: `semseg.operations`, replayed on a segmentation (`replay`)."""
