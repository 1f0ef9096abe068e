"""Where students' code runs: a warm process under bubblewrap, its kernels, and the talk with them."""
