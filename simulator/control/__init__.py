"""The control API: tests and the phone page steer the simulator with it."""
