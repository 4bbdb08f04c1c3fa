"""Draws compositions with OpenGL 4.1; owns every OpenGL object of one context."""

from __future__ import annotations

import numpy as np
from PyQt6 import sip
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import (
    QImage,
    QMatrix4x4,
    QOffscreenSurface,
    QOpenGLContext,
    QSurfaceFormat,
    QVector3D,
    QVector4D,
)
from PyQt6.QtOpenGL import (
    QOpenGLFramebufferObject,
    QOpenGLFunctions_4_1_Core,
    QOpenGLShader,
    QOpenGLShaderProgram,
    QOpenGLVersionFunctionsFactory,
    QOpenGLVersionProfile,
    QOpenGLVertexArrayObject,
)

from app.colour import Colour
from app.overlay import CASING_COLOUR, LINE_COLOUR
from app.ui.composition import LEAST_SLOPE, Contour, Drawing, Scene
from app.ui.gl_texture import ImageTexture
from app.ui.layout import Pane
from app.ui.sampling import samples_per_pixel
from app.ui.video_shaders import CONTOUR, COVER, INSIDE, PICTURE, TAG
from models.geometry import Area
from models.picture import Picture, PixelFormat, rgb_from_yuv

# The values of the OpenGL headers, which PyQt does not name.
_COLOR_BUFFER_BIT = 0x4000
_BLEND, _DITHER, _DEPTH_TEST, _SCISSOR_TEST = 0x0BE2, 0x0BD0, 0x0B71, 0x0C11
_ONE, _ONE_MINUS_SRC_ALPHA = 1, 0x0303
_TRIANGLES = 4
_TEXTURE0, _TEXTURE_2D, _R8 = 0x84C0, 0x0DE1, 0x8229
_FRAMEBUFFER = 0x8D40
_UNPACK_ALIGNMENT = 0x0CF5
_RENDERER = 0x1F01
_BLACK: Colour = (0, 0, 0)


class OpenGlError(Exception):
    """OpenGL cannot be used, or no more; one sentence."""


def surface_format() -> QSurfaceFormat:
    """The OpenGL that the painter needs: 4.1, core profile, without depth or samples."""
    wanted = QSurfaceFormat()
    wanted.setVersion(4, 1)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setDepthBufferSize(0)
    wanted.setStencilBufferSize(0)
    wanted.setSamples(0)
    return wanted


def opengl_device() -> str:
    """What runs OpenGL here; tried with a context of its own, before any widget depends on one.

    Raises:
        OpenGlError: there is none that the painter can use.
    """
    surface = QOffscreenSurface()
    surface.setFormat(surface_format())
    surface.create()
    context = QOpenGLContext()
    context.setFormat(surface_format())
    if not context.create() or not context.makeCurrent(surface):
        raise OpenGlError("no OpenGL context could be created")
    try:
        return str(_functions(context).glGetString(_RENDERER))
    finally:
        context.doneCurrent()


class GlPainter:
    """Made, used and released on the GUI thread, with ``context`` current except in ``release``.

    Raises:
        OpenGlError: the context is too old, or its compiler refuses a program.
    """

    def __init__(self, context: QOpenGLContext) -> None:
        self._context = context
        self._gl = _functions(context)
        # The widget's own surface may be gone before its context is; this one lives as long. The
        # context owns all of them, so that Python's end does not take them from under it.
        self._release_surface = QOffscreenSurface(None, context)
        self._release_surface.setFormat(context.format())
        self._release_surface.create()
        self._vertices = QOpenGLVertexArrayObject(context)
        self._vertices.create()
        self._picture_program = _program(PICTURE, context)
        self._inside_program = _program(INSIDE, context)
        self._contour_program = _program(CONTOUR, context)
        self._tag_program = _program(TAG, context)
        self._planes = (ImageTexture(), ImageTexture(), ImageTexture())
        self._probability = ImageTexture()
        self._tag = ImageTexture()
        self._inside: QOpenGLFramebufferObject | None = None
        self._uploaded: Scene | None = None
        self._uploaded_tag: QImage | None = None

    @property
    def renderer(self) -> str:
        """The version of OpenGL and what runs it."""
        version = self._context.format()
        name = self._gl.glGetString(_RENDERER)
        return f"OpenGL {version.majorVersion()}.{version.minorVersion()}, {name}"

    def paint(
        self,
        scene: Scene | None,
        drawings: tuple[Drawing, ...],
        tag: QImage,
        size: tuple[int, int],
        framebuffer: int,
    ) -> None:
        """Draws all of the framebuffer, ``size`` (width, height) in device pixels.

        Raises:
            OpenGlError: the context is lost or out of memory.
        """
        gl = self._gl
        self._vertices.bind()
        for capability in (_BLEND, _DITHER, _DEPTH_TEST):
            gl.glDisable(capability)
        gl.glEnable(_SCISSOR_TEST)
        gl.glPixelStorei(_UNPACK_ALIGNMENT, 1)  # rows of any width follow without padding
        width, height = size
        self._fill(Area(0, 0, width, height), _BLACK, height)
        if scene is not None:
            self._upload(scene, tag)
            for drawing in drawings:
                self._draw(scene.picture, drawing, tag, height, framebuffer)
        gl.glDisable(_SCISSOR_TEST)
        self._vertices.release()
        error = gl.glGetError()
        if error:
            raise OpenGlError(f"OpenGL failed with error 0x{error:04x}")

    def release(self) -> None:
        """Frees everything; for ``QOpenGLContext.aboutToBeDestroyed``."""
        if not self._context.makeCurrent(self._release_surface):
            return  # a lost context has taken its objects with it
        for texture in (*self._planes, self._probability, self._tag):
            texture.destroy()
        self._inside = None
        for program in (
            self._picture_program,
            self._inside_program,
            self._contour_program,
            self._tag_program,
        ):
            sip.delete(program)
        self._vertices.destroy()
        self._context.doneCurrent()

    def _upload(self, scene: Scene, tag: QImage) -> None:
        before = self._uploaded
        if before is None or before.picture is not scene.picture:
            _upload_planes(scene.picture, self._planes)
        marking = scene.marking
        if marking is not None and (before is None or before.marking is not marking):
            rows, columns = marking.probability.shape
            address = sip.voidptr(marking.probability.ctypes.data)
            self._probability.upload(address, columns, rows, 1)
        self._uploaded = scene
        if self._uploaded_tag is not tag:
            self._tag.upload(_address_of(tag), tag.width(), tag.height(), 4)
            self._uploaded_tag = tag

    def _draw(
        self, picture: Picture, drawing: Drawing, tag: QImage, height: int, framebuffer: int
    ) -> None:
        self._draw_picture(picture, drawing.pane, height)
        if drawing.contour is not None:
            self._draw_inside(drawing.contour)
            self._gl.glBindFramebuffer(_FRAMEBUFFER, framebuffer)
            self._draw_contour(drawing.contour, height)
        for bar, colour in drawing.bars:
            self._fill(bar, colour, height)
        for x, y in drawing.tags:
            self._draw_tag(Area(x, y, tag.width(), tag.height()), drawing.pane.visible, height)

    def _draw_picture(self, picture: Picture, pane: Pane, height: int) -> None:
        program = self._picture_program
        program.bind()
        for unit, name in enumerate(("first_plane", "second_plane", "third_plane")):
            self._planes[unit].bind(unit)
            program.setUniformValue(name, unit)
        pixel_format = picture.pixel_format
        program.setUniformValue("is_yuv", int(pixel_format.is_yuv))
        program.setUniformValue("plane_count", len(picture.stored_planes()))
        program.setUniformValue("luma_channel", pixel_format.luma_channel)
        program.setUniformValue("to_rgb", _to_rgb(picture))
        chroma = picture.chroma_area(pane.source)
        for name, plane in (("luma", pane.source), ("chroma", chroma)):
            scale_x = plane.width / pane.placed.width
            scale_y = plane.height / pane.placed.height
            start_x = plane.x + (pane.visible.x - pane.placed.x) * scale_x
            start_y = plane.y + (pane.visible.y - pane.placed.y) * scale_y
            last_x, last_y = plane.x + plane.width - 1, plane.y + plane.height - 1
            program.setUniformValue(f"{name}_map", QVector4D(scale_x, scale_y, start_x, start_y))
            program.setUniformValue(f"{name}_limits", QVector4D(plane.x, plane.y, last_x, last_y))
            samples = QPoint(
                samples_per_pixel(plane.width, pane.placed.width),
                samples_per_pixel(plane.height, pane.placed.height),
            )
            program.setUniformValue(f"{name}_samples", samples)
        self._cover(program, pane.visible, height)

    def _draw_inside(self, contour: Contour) -> None:
        """Into a buffer of its own, from its row 0 on, with a border of pixels that are outside."""
        border = 2 * contour.casing_radius
        width, height = contour.inside.width + 2 * border, contour.inside.height + 2 * border
        buffer = self._inside
        if buffer is None or buffer.width() < width or buffer.height() < height:
            buffer = QOpenGLFramebufferObject(
                width, height, QOpenGLFramebufferObject.Attachment.NoAttachment, _TEXTURE_2D, _R8
            )
            self._inside = buffer
        buffer.bind()
        self._fill(Area(0, 0, width, height), _BLACK, height)
        program = self._inside_program
        program.bind()
        self._probability.bind(0)
        program.setUniformValue("probability", 0)
        program.setUniformValue("model_map", QVector4D(*contour.model_scale, *contour.model_start))
        program.setUniformValue("level", contour.level)
        program.setUniformValue("least_slope", LEAST_SLOPE)
        program.setUniformValue("place", QVector4D(border, border, 1, 1))
        self._gl.glViewport(border, border, contour.inside.width, contour.inside.height)
        self._gl.glScissor(border, border, contour.inside.width, contour.inside.height)
        self._gl.glDrawArrays(_TRIANGLES, 0, 3)
        program.release()

    def _draw_contour(self, contour: Contour, height: int) -> None:
        assert self._inside is not None  # drawn just before
        border = 2 * contour.casing_radius
        gl, program = self._gl, self._contour_program
        program.bind()
        gl.glActiveTexture(_TEXTURE0)
        gl.glBindTexture(_TEXTURE_2D, self._inside.texture())
        program.setUniformValue("inside", 0)
        program.setUniformValue(
            "inside_start",
            QPoint(
                border + contour.window.x - contour.inside.x,
                border + contour.window.y - contour.inside.y,
            ),
        )
        program.setUniformValue("line_radius", contour.line_radius)
        program.setUniformValue("casing_radius", contour.casing_radius)
        program.setUniformValue("tint", contour.tint)
        program.setUniformValue("line_colour", _rgb(LINE_COLOUR))
        program.setUniformValue("casing_colour", _rgb(CASING_COLOUR))
        gl.glEnable(_BLEND)
        gl.glBlendFunc(_ONE, _ONE_MINUS_SRC_ALPHA)
        self._cover(program, contour.window, height)
        gl.glDisable(_BLEND)

    def _draw_tag(self, place: Area, visible: Area, height: int) -> None:
        program = self._tag_program
        program.bind()
        self._tag.bind(0)
        program.setUniformValue("tag", 0)
        self._cover(program, place, height, within=visible)

    def _cover(
        self,
        program: QOpenGLShaderProgram,
        area: Area,
        height: int,
        within: Area | None = None,
    ) -> None:
        """Runs ``program`` on every pixel of ``area``, or on those of them that are ``within``."""
        program.setUniformValue("place", QVector4D(area.x, height - area.y, 1, -1))
        self._gl.glViewport(area.x, height - area.y - area.height, area.width, area.height)
        self._scissor(within or area, height)
        self._gl.glDrawArrays(_TRIANGLES, 0, 3)
        program.release()

    def _fill(self, area: Area, colour: Colour, height: int) -> None:
        self._scissor(area, height)
        red, green, blue = (component / 255 for component in colour)
        self._gl.glClearColor(red, green, blue, 1.0)
        self._gl.glClear(_COLOR_BUFFER_BIT)

    def _scissor(self, area: Area, height: int) -> None:
        """``area`` counts rows from the top, OpenGL from the bottom of ``height`` rows."""
        self._gl.glScissor(area.x, height - area.y - area.height, area.width, area.height)


def _functions(context: QOpenGLContext) -> QOpenGLFunctions_4_1_Core:
    profile = QOpenGLVersionProfile(surface_format())
    functions = QOpenGLVersionFunctionsFactory.get(profile, context)
    if not isinstance(functions, QOpenGLFunctions_4_1_Core):
        version = context.format()
        raise OpenGlError(
            f"OpenGL 4.1 is needed, not {version.majorVersion()}.{version.minorVersion()}"
        )
    functions.initializeOpenGLFunctions()
    return functions


def _program(fragment: str, context: QOpenGLContext) -> QOpenGLShaderProgram:
    program = QOpenGLShaderProgram(context)
    if not (
        program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Vertex, COVER.lstrip())
        and program.addShaderFromSourceCode(QOpenGLShader.ShaderTypeBit.Fragment, fragment.lstrip())
        and program.link()
    ):
        raise OpenGlError(f"the driver's shader compiler says: {program.log().strip()}")
    return program


def _upload_planes(picture: Picture, textures: tuple[ImageTexture, ...]) -> None:
    stored = picture.stored_planes()
    for plane, texture in zip(stored, textures[: len(stored)], strict=True):
        rows, columns, channels = plane.shape
        texture.upload(sip.voidptr(plane.ctypes.data), columns, rows, channels)


def _address_of(image: QImage) -> sip.voidptr:
    bits = image.constBits()
    assert bits is not None  # only a null image has none
    return bits


def _to_rgb(picture: Picture) -> QMatrix4x4:
    """From a picture's components, in their order in memory, and 1 to R, G, B, all in [0, 1]."""
    if picture.pixel_format.is_yuv:
        conversion = rgb_from_yuv(picture.matrix, picture.full_range)
        conversion[:, 3] /= 255
    else:
        conversion = np.eye(3, 4)
        if picture.pixel_format is PixelFormat.BGR24:
            conversion = conversion[::-1]
    return QMatrix4x4([*conversion.ravel().tolist(), 0.0, 0.0, 0.0, 1.0])


def _rgb(colour: Colour) -> QVector3D:
    red, green, blue = (component / 255 for component in colour)
    return QVector3D(red, green, blue)
