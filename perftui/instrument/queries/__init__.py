"""MongoDB's commands as an application sends them: by collection, operation and shape; its pools; its comments."""
