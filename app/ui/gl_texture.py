"""A texture that takes 8-bit images straight from NumPy's or Qt's memory."""

from __future__ import annotations

from PyQt6 import sip
from PyQt6.QtOpenGL import QOpenGLTexture

_FORMATS = {
    1: (QOpenGLTexture.TextureFormat.R8_UNorm, QOpenGLTexture.PixelFormat.Red),
    2: (QOpenGLTexture.TextureFormat.RG8_UNorm, QOpenGLTexture.PixelFormat.RG),
    3: (QOpenGLTexture.TextureFormat.RGB8_UNorm, QOpenGLTexture.PixelFormat.RGB),
    4: (QOpenGLTexture.TextureFormat.RGBA8_UNorm, QOpenGLTexture.PixelFormat.RGBA),
}


class ImageTexture:
    """All methods need the context that the texture belongs to, current on this thread.

    The context's unpack alignment is 1; ``QOpenGLPixelTransferOptions`` does not set it in Qt 6.11.
    """

    def __init__(self) -> None:
        self._texture: QOpenGLTexture | None = None
        self._shape = (0, 0, 0)

    def upload(self, address: sip.voidptr, width: int, height: int, channels: int) -> None:
        """Copies ``height`` x ``width`` x ``channels`` packed bytes; returns when it has them."""
        texture_format, pixel_format = _FORMATS[channels]
        if self._texture is None or self._shape != (width, height, channels):
            self.destroy()
            texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
            texture.setFormat(texture_format)
            texture.setSize(width, height)
            texture.setMipLevels(1)
            texture.setMinMagFilters(QOpenGLTexture.Filter.Nearest, QOpenGLTexture.Filter.Nearest)
            texture.setWrapMode(QOpenGLTexture.WrapMode.ClampToEdge)
            texture.allocateStorage(pixel_format, QOpenGLTexture.PixelType.UInt8)
            self._texture, self._shape = texture, (width, height, channels)
        self._texture.setData(pixel_format, QOpenGLTexture.PixelType.UInt8, address)

    def bind(self, unit: int) -> None:
        if self._texture is not None:
            self._texture.bind(unit)

    def destroy(self) -> None:
        if self._texture is not None:
            self._texture.destroy()
            self._texture = None
