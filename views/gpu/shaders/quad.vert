// SPDX-License-Identifier: MIT
#version 450
// Positions are device pixels, y down; one vertex format for images, shapes and text.
layout(location = 0) in vec2 position;
layout(location = 1) in vec2 texel; // 0..1
layout(location = 2) in vec4 color; // not premultiplied
layout(push_constant) uniform Frame { vec2 toClip; } frame; // 2 / size in pixels
layout(location = 0) out vec2 outTexel;
layout(location = 1) out vec4 outColor;
void main() {
  outTexel = texel;
  outColor = vec4(color.rgb * color.a, color.a);
  gl_Position = vec4(position * frame.toClip - 1.0, 0.0, 1.0);
}
