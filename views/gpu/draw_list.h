// SPDX-License-Identifier: MIT
// A Scene as triangles: vertices in device pixels and batches that share a pipeline, a texture and a clip rectangle.
// No Vulkan here; used on the render thread, testable anywhere.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "views/paint/walk.h"
#include "views/scene/scene.h"

namespace orrery::gpu {

struct Vertex {
  float x, y;          // device pixels, y down
  float u, v;          // texture, 0..1
  std::uint32_t color; // 0xAABBGGRR, not premultiplied
};

enum class Pipe { Image, Shape, Text };

struct PixelRect {
  int x = 0, y = 0, w = 0, h = 0;
  friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

struct Batch {
  Pipe pipe = Pipe::Shape;
  std::uint32_t texture = 0; // as the TextureSource numbered it; unused by Shape
  PixelRect clip;
  std::uint32_t first = 0, count = 0; // indices
};

struct DrawList {
  std::vector<Vertex> vertices;
  std::vector<std::uint32_t> indices;
  std::vector<Batch> batches;
  void clear();
};

// A run of text in the atlas.
struct TextRun {
  float u0 = 0, v0 = 0, u1 = 0, v1 = 0;
  int width = 0, height = 0; // pixels of the quad
  double left = 0, top = 0;  // pixels from the quad's corner to the origin of the baseline
  double advance = 0;        // pixels
  bool colored = false;      // has its own colours: draw it with white
};

// Where the batcher gets its textures from.
class TextureSource {
public:
  virtual ~TextureSource() = default;
  // Side of the square tiles that image layers are cut into, in cells.
  virtual std::int64_t tileSide() const = 0;
  // The tile with cells [column*side, ..) x [row*side, ..); empty while it is not uploaded.
  virtual std::optional<std::uint32_t> tile(const scene::ImageLayer& layer, std::int64_t column, std::int64_t row) = 0;
  virtual std::optional<TextRun> run(const scene::Text& text, double pixelRatio) = 0;
  virtual std::uint32_t textTexture() const = 0;
};

// Appends `scene` to `list`, its panels looking where `cameras` say (they may have moved since it was built).
void appendScene(DrawList& list, const scene::Scene& scene, const paint::Cameras& cameras, double pixelRatio,
                 TextureSource& textures);

} // namespace orrery::gpu
