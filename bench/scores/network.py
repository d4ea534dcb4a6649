"""The small classifier whose features and predictions judge pictures of digits."""

from torch import Tensor, nn


class Classifier(nn.Module):
    """Two convolutions and a dense layer of features, below the logits of the classes.

    Attributes:
        classes: how many it tells apart.
    """

    def __init__(self, size: int, width: int, features: int, classes: int):
        """Builds it for pictures (N, 1, size, size).

        Args:
            size: the pictures' height and width in pixels, an even number.
            width: channels of the first convolution; the second has twice as many.
            features: dimension of the feature layer.
            classes: how many to tell apart.
        """
        super().__init__()
        self.classes = classes
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * (size // 2) ** 2, features),
        )
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(features, classes))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the features (N, d) and logits (N, classes) of decoded pictures."""
        features = self.body(pictures)
        return features, self.head(features)
