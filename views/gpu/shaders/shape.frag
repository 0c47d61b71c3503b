// SPDX-License-Identifier: MIT
#version 450
// Plain triangles; soft edges come as vertices of alpha 0.
layout(location = 0) in vec2 texel;
layout(location = 1) in vec4 color;
layout(location = 0) out vec4 result;
void main() { result = color; }
