"""What everything speaks: frozen values, no I/O. Import the module of the thing you need."""
