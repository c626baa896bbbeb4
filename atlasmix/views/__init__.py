"""What a person sees: text tables of matrices, pools and answers."""
