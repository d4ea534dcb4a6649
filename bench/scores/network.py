"""The small classifiers whose features and predictions judge pictures."""

from torch import Tensor, nn


class Classifier(nn.Module):
    """A body that gives features, below the logits of the classes."""

    def __init__(self, body: nn.Module, features: int, classes: int):
        """Puts the head on a body of ``features`` outputs."""
        super().__init__()
        self.body = body
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(features, classes))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the features (N, d) and logits (N, classes) of decoded pictures."""
        features = self.body(pictures)
        return features, self.head(features)


class DenseClassifier(Classifier):
    """Two convolutions and a dense layer of features: for pictures of few pixels."""

    def __init__(self, channels: int, size: int, width: int, features: int, classes: int):
        """Builds it for pictures (N, channels, size, size).

        Args:
            channels: colours of a picture.
            size: its height and width in pixels, an even number.
            width: channels of the first convolution; the second has twice as many.
            features: dimension of the feature layer.
            classes: how many to tell apart.
        """
        body = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * (size // 2) ** 2, features),
        )
        super().__init__(body, features, classes)


class ConvClassifier(Classifier):
    """Four convolutions with BatchNorm, and the mean over positions below the features."""

    def __init__(self, channels: int, size: int, width: int, features: int, classes: int):
        """Builds it for pictures (N, channels, size, size).

        Args:
            channels: colours of a picture.
            size: its height and width in pixels, at least 16.
            width: channels of the first convolution; the others have 2, 4 and 8 times as many.
            features: dimension of the feature layer.
            classes: how many to tell apart.

        Raises:
            ValueError: the pictures are too small.
        """
        if size < 16:
            raise ValueError(f"size = {size}: the convolutions take pictures of 16 pixels or more")
        body = nn.Sequential(
            *_normalized(nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=False)),
            *_normalized(nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)),
            nn.MaxPool2d(2),
            *_normalized(nn.Conv2d(2 * width, 4 * width, 3, padding=1, bias=False)),
            nn.MaxPool2d(2),
            *_normalized(nn.Conv2d(4 * width, 8 * width, 3, padding=1, bias=False)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8 * width, features),
        )
        super().__init__(body, features, classes)


def _normalized(convolution: nn.Conv2d) -> tuple[nn.Module, nn.Module, nn.Module]:
    return convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU()


NETWORKS: dict[str, type[DenseClassifier | ConvClassifier]] = {
    kind.__name__: kind for kind in (DenseClassifier, ConvClassifier)
}
"""By the name that a judge's description has."""
