"""From the image as recorded to the image that the network sees."""
