"""Settings of the whole suite."""

import torch

# The networks are small and the tests run side by side: a second thread would only wait.
torch.set_num_threads(1)
