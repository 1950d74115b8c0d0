"""What a wheel would put into an environment, read from its central directory; nothing is unpacked."""
