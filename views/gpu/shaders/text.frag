// SPDX-License-Identifier: MIT
#version 450
// Runs of text rasterised in white (or in their own colours) with premultiplied alpha.
layout(location = 0) in vec2 texel;
layout(location = 1) in vec4 color;
layout(set = 0, binding = 0) uniform sampler2D runs;
layout(location = 0) out vec4 result;
void main() { result = texture(runs, texel) * color; }
