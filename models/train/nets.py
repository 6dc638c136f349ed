# SPDX-License-Identifier: MIT
"""nets.py - the networks: residual blocks without batch normalization, and what is built of them."""
import torch
from torch import nn
from torch.nn import functional

DROPPED = 0.2  # share of the colourers' deepest maps that are left out while training


class SpaceToDepth(nn.Module):
    """2x2 pixels become channels, in the order of ONNX SpaceToDepth (row, column, channel)."""

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4)
        return x.reshape(n, 4 * c, h // 2, w // 2)


class ResBlock(nn.Module):
    """x + conv(ReLU(conv(x))); the second convolution starts small, so the block starts as identity.

    Without that a plain stack of the same size learns about five times slower.
    """

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu = nn.ReLU()
        nn.init.kaiming_normal_(self.conv1.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv1.bias)
        shrink(self.conv2, 0.1)

    def forward(self, x):
        return x + self.conv2(self.relu(self.conv1(x)))


def shrink(conv, factor):
    """Scale a convolution's initial weights down and set its bias to zero."""
    with torch.no_grad():
        nn.init.kaiming_normal_(conv.weight, nonlinearity="linear")
        conv.weight.mul_(factor)
        conv.bias.zero_()


def keep_variance(downs, ups):
    """2x2 convolutions begin so that a signal comes through as strong as it was: of torch's own a thirtieth would reach the
    bottom of three levels and come back."""
    with torch.no_grad():
        for down, up in zip(downs, ups):
            down.weight.normal_(0, (4 * down.in_channels) ** -0.5)
            up.weight.normal_(0, up.in_channels ** -0.5)


def blocks(channels, count):
    """count residual blocks in a row."""
    return nn.Sequential(*[ResBlock(channels) for _ in range(count)])


class UNet(nn.Module):
    """A residual U-Net that starts at half resolution (space to depth).

    widths: channels at half, quarter, eighth resolution. depths: residual blocks on the
    way down at each of them; the way up repeats all but the last. Skips are additions.
    planes: input channels. Output: three channels at full resolution.
    """

    def __init__(self, planes, widths, depths):
        super().__init__()
        self.unshuffle = SpaceToDepth()
        self.head = nn.Conv2d(4 * planes, widths[0], 3, padding=1)
        self.enter = nn.ModuleList(blocks(c, n) for c, n in zip(widths, depths))
        self.leave = nn.ModuleList(blocks(c, n) for c, n in zip(widths[:-1], depths[:-1]))
        pairs = list(zip(widths[:-1], widths[1:]))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.tail = nn.Conv2d(widths[0], 12, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)
        shrink(self.tail, 0.1)
        keep_variance(self.down, self.up)

    def forward(self, x):
        x = self.head(self.unshuffle(x))
        skips = []
        for enter, down in zip(self.enter, self.down):
            skips.append(enter(x))
            x = down(skips[-1])
        x = self.enter[len(self.down)](x)
        for skip, up, leave in zip(skips[::-1], list(self.up)[::-1], list(self.leave)[::-1]):
            x = leave(skip + up(x))
        return self.shuffle(self.tail(x))


class Denoiser(nn.Module):
    """image + U-Net(image, sigma): the U-Net predicts the negative noise.

    image: N x 3 x H x W in [0, 1] plus noise; sigma: N x 1 x H x W, the standard deviation
    of the noise on the same scale. H and W are multiples of 8.
    """

    def __init__(self, widths=(48, 80, 96), depths=(2, 2, 1)):
        super().__init__()
        self.body = UNet(4, widths, depths)

    def forward(self, image, sigma):
        return image + self.body(torch.cat([image, sigma], 1))


class Deblocker(nn.Module):
    """image + U-Net(image): finds out the strength by itself."""

    def __init__(self, widths=(48, 80, 96), depths=(2, 2, 1)):
        super().__init__()
        self.body = UNet(3, widths, depths)

    def forward(self, image):
        return image + self.body(image)


class Upscaler(nn.Module):
    """EDSR's plan (Lim et al. 2017), narrower and as deep: all work at low resolution.

    Head, residual blocks and a convolution under one long skip, a convolution to planes * scale^2
    channels, pixel shuffle. The picture itself joins before the shuffle through a 1x1
    convolution that starts as nearest neighbour: no padding, so edges stay clean.
    """

    def __init__(self, scale, width=48, depth=16, planes=3):
        super().__init__()
        self.head = nn.Conv2d(planes, width, 3, padding=1)
        self.body = blocks(width, depth)
        self.join = nn.Conv2d(width, width, 3, padding=1)
        self.tail = nn.Conv2d(width, planes * scale ** 2, 3, padding=1)
        self.skip = nn.Conv2d(planes, planes * scale ** 2, 1)
        self.shuffle = nn.PixelShuffle(scale)
        shrink(self.join, 0.1)
        shrink(self.tail, 0.1)
        with torch.no_grad():
            self.skip.weight.copy_(torch.eye(planes).repeat_interleave(scale ** 2, 0)[..., None, None])
            self.skip.bias.zero_()

    def forward(self, image):
        x = self.head(image)
        return self.shuffle(self.tail(x + self.join(self.body(x))) + self.skip(image))


class NormBlock(nn.Module):
    """A residual block with batch normalization (Ioffe, Szegedy 2015): the runtime folds it into the convolutions."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        nn.init.constant_(self.norm2.weight, 0.2)

    def forward(self, x):
        return x + self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))


def norm_blocks(channels, count):
    """count normalized residual blocks in a row."""
    return nn.Sequential(*[NormBlock(channels) for _ in range(count)])


class Colorizer(nn.Module):
    """A residual U-Net at a quarter of the size and less: L, hints and a global vector to ab and cells of the ab grid.

    image: N x 1 x H x W; hints: N x 4 x H/4 x W/4, the last of them how far down a cell is, -1 to 1 (a convolution cannot know);
    palette: N x size x 1 x 1. Every level gets the hints, pooled, for one that fills a cell is little in a large picture. At the bottom the mean of the map and the palette become one vector that is added
    everywhere: what is in the picture decides its colours. H, W: multiples of 16.
    """

    def __init__(self, size, cells, widths=(48, 96, 160), depths=(1, 2, 3), hints=4):
        super().__init__()
        self.unshuffle = SpaceToDepth()
        self.head = nn.Conv2d(16, widths[0], 3, padding=1)
        self.hints = nn.ModuleList(nn.Conv2d(hints, w, 3 if i == 0 else 1, padding=int(i == 0)) for i, w in enumerate(widths))
        self.pool = nn.AvgPool2d(2)
        self.enter = nn.ModuleList(norm_blocks(c, n) for c, n in zip(widths, depths))
        self.leave = nn.ModuleList(norm_blocks(c, n) for c, n in zip(widths[:-1], depths[:-1]))
        pairs = list(zip(widths[:-1], widths[1:]))
        self.down = nn.ModuleList(nn.Sequential(nn.Conv2d(a, b, 2, stride=2, bias=False), nn.BatchNorm2d(b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.Sequential(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False), nn.BatchNorm2d(a))
                                for a, b in pairs)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.scene = nn.Conv2d(widths[-1], widths[-1], 1)
        self.given = nn.Conv2d(size, widths[-1], 1)
        self.relu = nn.ReLU()
        self.spread = nn.Conv2d(widths[-1], widths[-1], 1)
        self.ab = nn.Conv2d(widths[0], 2, 3, padding=1)
        self.cells = nn.Conv2d(widths[0], cells, 1)
        for small in (self.spread, self.ab, self.cells):
            shrink(small, 0.1)
        with torch.no_grad():
            for way in self.hints:  # strong ones would drown the picture in every normalization
                way.weight.normal_(0, 0.05)
                way.weight[:, 3:] = 0
                way.bias.zero_()

    def body(self, image, hints, palette):
        x = self.head(self.unshuffle(self.unshuffle(image))) + self.hints[0](hints)
        skips, given = [], hints
        for enter, down, way in zip(self.enter, self.down, list(self.hints)[1:]):
            skips.append(enter(x))
            given = self.pool(given)
            x = down(skips[-1]) + way(given)
        x = self.enter[len(self.down)](x)
        x = x + self.spread(self.relu(self.scene(self.mean(x)) + self.given(palette)))
        if self.training:  # few pictures teach: what they look like as wholes is soon known by heart
            x = functional.dropout2d(x, DROPPED)
        for skip, up, leave in zip(skips[::-1], list(self.up)[::-1], list(self.leave)[::-1]):
            x = leave(skip + up(x))
        return x

    def forward(self, image, hints, palette):
        x = self.body(image, hints, palette)
        return self.ab(x), self.cells(x)


class Painter(Colorizer):
    """The same network for drawings: their ink, hints and a global vector to paint, of three colours. So it can begin with all that
    the colorizer knows of things and their places.

    image: N x 1 x H x W; hints: N x 5 x H/4 x W/4, the last of them how far down a cell is; palette: N x size x 1 x 1. H, W: multiples of 16.
    """

    def __init__(self, size):
        super().__init__(size, 1, hints=5)
        del self.ab, self.cells
        self.paint = nn.Conv2d(self.head.out_channels, 3, 3, padding=1)
        shrink(self.paint, 0.1)
        with torch.no_grad():
            self.paint.bias.fill_(0.7)
            for way in self.hints:
                way.weight[:, 3].normal_(0, 0.05)
                way.weight[:, 4] = 0

    def forward(self, image, hints, palette):
        return self.paint(self.body(image, hints, palette))


class GatedBlock(nn.Module):
    """A residual block whose answer is let through or not, place by place (after Yu et al. 2019), with a dilation."""

    def __init__(self, channels, dilation=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.gate = nn.Conv2d(channels, channels, 1)
        self.relu = nn.ReLU()
        self.sigmoid = nn.Sigmoid()
        nn.init.kaiming_normal_(self.conv1.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv1.bias)
        shrink(self.conv2, 0.2)
        shrink(self.gate, 0.1)

    def forward(self, x):
        return x + self.conv2(self.relu(self.conv1(x))) * self.sigmoid(self.gate(x))


class Inpainter(nn.Module):
    """image + mask * U-Net(image, mask) at half size and less; far pixels are seen by dilated blocks in the middle.

    image: N x 3 x H x W with its holes filled smoothly; mask: N x 1 x H x W, 1 in the holes. H, W: multiples of 16.
    """

    def __init__(self, widths=(48, 96, 160), depths=(2, 2), dilations=(1, 2, 4, 8, 1)):
        super().__init__()
        self.body = UNet(4, widths, (*depths, 0))
        for ways in (self.body.enter, self.body.leave):
            for i, (c, n) in enumerate(zip(widths, depths)):
                ways[i] = nn.Sequential(*[GatedBlock(c) for _ in range(n)])
        self.body.enter[-1] = nn.Sequential(*[GatedBlock(widths[-1], d) for d in dilations])
        shrink(self.body.tail, 0.01)

    def forward(self, image, mask):
        return image + mask * self.body(torch.cat([image, mask], 1))


def count_parameters(net):
    """Number of trained values."""
    return sum(p.numel() for p in net.parameters())
