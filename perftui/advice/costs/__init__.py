"""What answering a question costs through each index, counted on sampled documents."""
