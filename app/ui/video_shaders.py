"""The programs of the OpenGL view, GLSL 3.30.

All of them cover the viewport with one triangle and count pixels from its upper left corner: the
centre of the first is (0.5, 0.5). ``place`` is the viewport's corner in the framebuffer's own
coordinates and the direction of each axis, since a screen's rows count upwards in OpenGL.
"""

COVER = """
#version 330 core
void main()
{
    gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
"""

_PIXEL = """
#version 330 core
uniform vec4 place;

vec2 pixel()
{
    return (gl_FragCoord.xy - place.xy) * place.zw;
}
"""

_BILINEAR = """
const ivec2 EVERY = ivec2(1, 0), EVEN = ivec2(2, 0), ODD = ivec2(2, 1);

// Of the texture's columns every ``columns.x``-th alone, from ``columns.y`` on. Exact, where the
// hardware's own filter has 8 bits for a sample's place.
vec4 bilinear(sampler2D plane, ivec2 columns, vec2 index)
{
    ivec2 stride = ivec2(columns.x, 1), start = ivec2(columns.y, 0);
    ivec2 last = textureSize(plane, 0) / stride - 1;
    ivec2 first = clamp(ivec2(floor(index)), ivec2(0), last);
    ivec2 next = min(first + 1, last);
    vec2 part = clamp(index - vec2(first), 0.0, 1.0);
    vec4 upper = mix(texelFetch(plane, first * stride + start, 0),
                     texelFetch(plane, ivec2(next.x, first.y) * stride + start, 0), part.x);
    vec4 lower = mix(texelFetch(plane, ivec2(first.x, next.y) * stride + start, 0),
                     texelFetch(plane, next * stride + start, 0), part.x);
    return mix(upper, lower, part.y);
}
"""

PICTURE = (
    _PIXEL
    + _BILINEAR
    + """
uniform sampler2D first_plane;
uniform sampler2D second_plane;
uniform sampler2D third_plane;
uniform int plane_count;
uniform bool is_yuv;
uniform int luma_channel;   // of the first plane
uniform mat4 to_rgb;
// Of R, G and B or luma, and of chroma:
uniform vec4 luma_map;      // samples for each pixel; sample at the viewport's corner
uniform vec4 luma_limits;   // first and last sample that is shown
uniform vec2 luma_samples;  // of each pixel, along both axes
uniform vec4 chroma_map;
uniform vec4 chroma_limits;
uniform vec2 chroma_samples;
out vec4 colour;

vec4 mean(sampler2D plane, ivec2 columns, vec4 map, vec4 limits, vec2 samples)
{
    vec4 total = vec4(0.0);
    for (float row = 0.5; row < samples.y; ++row)
        for (float column = 0.5; column < samples.x; ++column) {
            vec2 offset = vec2(column, row) / samples - 0.5;
            vec2 index = (pixel() + offset) * map.xy + map.zw - 0.5;
            total += bilinear(plane, columns, clamp(index, limits.xy, limits.zw));
        }
    return total / (samples.x * samples.y);
}

vec4 chroma(sampler2D plane, ivec2 columns)
{
    return mean(plane, columns, chroma_map, chroma_limits, chroma_samples);
}

void main()
{
    vec4 components = mean(first_plane, EVERY, luma_map, luma_limits, luma_samples);
    if (is_yuv) {
        components.x = components[luma_channel];
        if (plane_count == 1) {  // U and V take turns beside luma
            components.y = chroma(first_plane, EVEN)[1 - luma_channel];
            components.z = chroma(first_plane, ODD)[1 - luma_channel];
        } else {
            components.yz = chroma(second_plane, EVERY).rg;
            if (plane_count == 3)
                components.z = chroma(third_plane, EVERY).r;
        }
    }
    colour = vec4(clamp((to_rgb * vec4(components.xyz, 1.0)).rgb, 0.0, 1.0), 1.0);
}
"""
)

INSIDE = (
    _PIXEL
    + _BILINEAR
    + """
// Which share of a pixel lies inside a region: the distance to the level is that of a straight
// edge, the difference over the slope.
uniform sampler2D probability;
uniform vec4 model_map;     // model pixels for each pixel; model pixel at the first pixel's centre
uniform float level;        // in [0, 255]
uniform float least_slope;  // in levels for each pixel
out vec4 share;

float levels(vec2 offset)
{
    vec2 index = (pixel() - 0.5 + offset) * model_map.xy + model_map.zw;
    vec2 last = vec2(textureSize(probability, 0) - 1);
    return 255.0 * bilinear(probability, EVERY, clamp(index, vec2(0.0), last)).r;
}

void main()
{
    float across = (levels(vec2(1.0, 0.0)) - levels(vec2(-1.0, 0.0))) / 2.0;
    float down = (levels(vec2(0.0, 1.0)) - levels(vec2(0.0, -1.0))) / 2.0;
    float slope = max(length(vec2(across, down)), least_slope);
    share = vec4(clamp((levels(vec2(0.0)) - level) / slope + 0.5, 0.0, 1.0));
}
"""
)

CONTOUR = (
    _PIXEL
    + """
uniform sampler2D inside;
uniform vec2 inside_start;   // where this viewport's first pixel is in ``inside``
uniform int line_radius;
uniform int casing_radius;
uniform float tint;
uniform vec3 line_colour;
uniform vec3 casing_colour;
out vec4 colour;             // premultiplied

void main()
{
    ivec2 here = ivec2(floor(pixel()) + inside_start);
    // The least and the largest share within each radius.
    vec2 line_reach = vec2(1.0, 0.0);
    vec2 casing_reach = vec2(1.0, 0.0);
    for (int y = -casing_radius; y <= casing_radius; ++y)
        for (int x = -casing_radius; x <= casing_radius; ++x) {
            int distance_squared = x * x + y * y;
            if (distance_squared > casing_radius * casing_radius)
                continue;
            float share = texelFetch(inside, here + ivec2(x, y), 0).r;
            casing_reach = vec2(min(casing_reach.x, share), max(casing_reach.y, share));
            if (distance_squared <= line_radius * line_radius)
                line_reach = vec2(min(line_reach.x, share), max(line_reach.y, share));
        }
    float line = line_reach.y * (1.0 - line_reach.x);
    float casing = casing_reach.y * (1.0 - casing_reach.x) * (1.0 - line);
    float tinted = texelFetch(inside, here, 0).r * tint * (1.0 - line - casing);
    colour = vec4(line_colour * (line + tinted) + casing_colour * casing, line + casing + tinted);
}
"""
)

TAG = (
    _PIXEL
    + """
uniform sampler2D tag;
out vec4 colour;

void main()
{
    colour = texelFetch(tag, ivec2(floor(pixel())), 0);
}
"""
)
