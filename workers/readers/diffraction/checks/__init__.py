"""What the frames themselves say of the convention they are in: numpy and scipy only."""
