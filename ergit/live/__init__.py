"""What a run is doing, for a person: on its terminal, in `ergit watch`, in results/live.html, and in a message."""
