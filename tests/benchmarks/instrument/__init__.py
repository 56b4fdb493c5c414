"""What the library costs an application."""
