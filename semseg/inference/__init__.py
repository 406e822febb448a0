"""The network on images of any size, and the hardware that it runs on."""
