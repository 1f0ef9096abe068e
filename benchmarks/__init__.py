"""How fast is the engine? ``python -m benchmarks`` measures it beside Keras and, where it is installed, PyTorch."""
