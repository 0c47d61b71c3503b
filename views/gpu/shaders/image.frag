// SPDX-License-Identifier: MIT
#version 450
// Cells of an image layer, nearest sampling; texture is not premultiplied.
layout(location = 0) in vec2 texel;
layout(location = 1) in vec4 color;
layout(set = 0, binding = 0) uniform sampler2D cells;
layout(location = 0) out vec4 result;
void main() {
  vec4 cell = texture(cells, texel);
  result = vec4(cell.rgb * cell.a, cell.a) * color;
}
