"""The text beside a marker: colour, shape and text say the same."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRect, Qt
from PyQt6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QImage, QPainter, QPolygonF

from app.overlay import CASING_COLOUR, LINE_COLOUR

_LEAST_TEXT_HEIGHT = 14
"""Of the font, in logical pixels. The application's own font is followed where it is larger, as on
a monitor with small pixels."""

_PADDING = 4 / 14
"""Round the text, over its height."""


class Tag:
    """The tag of one text, at the size of the application's font."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._text_height = 0
        self._image = QImage()

    def image(self, pixel_ratio: float) -> QImage:
        """As ``draw_tag`` draws it; the same object until its size changes."""
        logical = max(_LEAST_TEXT_HEIGHT, QFontInfo(QFont()).pixelSize())
        text_height = round(logical * pixel_ratio)
        if text_height != self._text_height:
            self._text_height = text_height
            self._image = draw_tag(self._text, text_height)
        return self._image


def draw_tag(text: str, text_height: int) -> QImage:
    """``text`` with a diamond before it, bright on dark, as premultiplied RGBA, 8 bits each.

    The font is ``text_height`` device pixels high, and the image is in device pixels, whatever its
    own pixel ratio says.
    """
    font = QFont()
    font.setPixelSize(text_height)
    font.setWeight(QFont.Weight.DemiBold)
    # Grey edges: coloured ones are made for one order of the screen's sub-pixels.
    font.setStyleStrategy(QFont.StyleStrategy.NoSubpixelAntialias)
    metrics = QFontMetrics(font)
    padding = round(text_height * _PADDING)
    height = metrics.height() + padding
    shape = round(height * 0.5)
    width = metrics.horizontalAdvance(text) + shape + 3 * padding

    image = QImage(width, height, QImage.Format.Format_RGBA8888_Premultiplied)
    image.fill(QColor(*CASING_COLOUR))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    painter.setPen(QColor(*LINE_COLOUR))
    text_left = shape + 2 * padding
    painter.drawText(
        QRect(text_left, 0, width - text_left, height),
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        text,
    )
    middle_x, middle_y, half = padding + shape / 2, height / 2, shape / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*LINE_COLOUR))
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(middle_x - half, middle_y),
                QPointF(middle_x, middle_y - half),
                QPointF(middle_x + half, middle_y),
                QPointF(middle_x, middle_y + half),
            ]
        )
    )
    painter.end()
    return image
