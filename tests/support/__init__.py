"""What the tests stand on: package makers, a loopback index, one environment per pip, and a canary."""
