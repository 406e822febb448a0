"""What one or several analyses say together, and how uncertain that is."""
