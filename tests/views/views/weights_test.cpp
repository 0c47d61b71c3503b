// SPDX-License-Identifier: MIT
// Numbers that views of weights show, against naive twins over the very tensors; what fills step by step ends as what
// is computed at once.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "core/analysis/singular_values.h"
#include "core/weights/heads.h"
#include "core/weights/spectra.h"
#include "tests/views/views/sample.h"
#include "views/weight_heads.h"

using namespace orrery;
using namespace orrery::views;
using namespace orrery::views::sample;

namespace {

const Registry& registry() {
  static const Registry all = builtInViews();
  return all;
}

Request weightRequest(const std::string& view, const std::string& tensor, Parameters parameters = {},
                      double width = 640, double height = 480) {
  Request request = requestOf(*registry().find(view), nullptr, std::move(parameters), width, height);
  request.selection.tensor = tensor;
  return request;
}

Built buildOf(const std::string& view, const Request& request) {
  auto built = registry().find(view)->build(request, {});
  EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().what);
  return built.ok() ? std::move(*built) : Built();
}

std::vector<double> elementsOf(const std::string& tensor, int step = 0) {
  const auto& set = *sampleWeights(step);
  const weights::Weight& weight = *set.find(tensor);
  std::vector<double> values(static_cast<std::size_t>(weight.elements()));
  EXPECT_TRUE(weights::readElements(set, weight, 0, weight.elements(), values.data()).ok());
  return values;
}

TEST(WeightView, ShowsTheNumbersOfTheFile) {
  const Built built = buildOf("weight", weightRequest("weight", "model.layers.0.self_attn.q_proj.weight"));
  const std::vector<double> want = elementsOf("model.layers.0.self_attn.q_proj.weight");
  EXPECT_EQ(built.data[0].values.shape, (Shape{16, 16}));
  EXPECT_EQ(toDoubles(built.data[0].values), want);
  double squares = 0;
  for (std::size_t c = 0; c < 16; ++c) squares += want[3 * 16 + c] * want[3 * 16 + c];
  ASSERT_EQ(built.data[1].name, "row norms");
  EXPECT_NEAR(toDoubles(built.data[1].values)[3], std::sqrt(squares), 1e-12);
  EXPECT_FALSE(built.incomplete);
}

// A picture of 300 rows in some 60 units pools them: the value furthest from 0, or the mean.
TEST(WeightView, PoolsWhatIsSmallerThanAPixel) {
  const std::vector<double> all = elementsOf("model.embed_tokens.weight");
  for (const bool mean : {false, true}) {
    Request request = weightRequest("weight", "model.embed_tokens.weight",
                                    {{"reduce", mean ? "mean" : "extreme"}, {"norms", "false"}}, 300, 120);
    request.pixelRatio = 1;
    const Built built = buildOf("weight", request);
    const Shape shape = built.data[0].values.shape;
    const std::int64_t cell = (300 + shape[0] - 1) / shape[0] <= 4 ? 4 : 8;
    ASSERT_EQ(shape[0], (300 + cell - 1) / cell);
    ASSERT_EQ(shape[1], 16);
    const std::vector<double> got = toDoubles(built.data[0].values);
    double worst = 0;
    for (std::int64_t r = 0; r < shape[0]; ++r)
      for (std::int64_t c = 0; c < 16; ++c) {
        double sum = 0, extreme = 0, count = 0;
        for (std::int64_t i = r * cell; i < std::min<std::int64_t>(300, (r + 1) * cell); ++i) {
          const double x = all[static_cast<std::size_t>(i * 16 + c)];
          sum += x, ++count;
          if (std::abs(x) > std::abs(extreme)) extreme = x;
        }
        worst = std::max(worst, std::abs(got[static_cast<std::size_t>(r * 16 + c)] - (mean ? sum / count : extreme)));
      }
    std::printf("pooled %s: largest difference %.1e, tolerance 1e-7\n", mean ? "mean" : "extreme", worst);
    EXPECT_LE(worst, 1e-7);
  }
}

TEST(WeightView, CountsWhatIsNotFinite) {
  const Built built = buildOf("weight", weightRequest("weight", "z.broken"));
  EXPECT_EQ(built.scene.nonFinite, 1);
  auto spectrum = registry().find("spectrum")->build(weightRequest("spectrum", "z.broken"), {});
  ASSERT_FALSE(spectrum.ok());
  EXPECT_NE(spectrum.error().what.find("1 of 60 values are NaN"), std::string::npos) << spectrum.error().what;
}

TEST(WeightView, RefusesWhatIsNotThere) {
  auto unknown = registry().find("weight")->build(weightRequest("weight", "nothing"), {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::NotFound);
  auto scales = registry().find("weight")->build(weightRequest("weight", "z.zero", {{"quantity", "scales"}}), {});
  ASSERT_FALSE(scales.ok());
  EXPECT_NE(scales.error().what.find("F32"), std::string::npos) << scales.error().what;
  auto vector =
      registry().find("spectrum")->build(weightRequest("spectrum", "model.layers.0.input_layernorm.weight"), {});
  ASSERT_FALSE(vector.ok());
  EXPECT_NE(vector.error().what.find("no matrix"), std::string::npos);
}

TEST(WeightView, ZoomsToOneHead) {
  Request request = weightRequest("weight", "model.layers.1.self_attn.o_proj.weight", {{"part", "head"}});
  request.selection.layer = 1;
  request.selection.head = 2;
  const Built built = buildOf("weight", request);
  EXPECT_EQ(built.data[0].values.shape, (Shape{16, 4})); // columns 8 to 11
  const std::vector<double> all = elementsOf("model.layers.1.self_attn.o_proj.weight");
  EXPECT_EQ(toDoubles(built.data[0].values)[5 * 4 + 1], all[5 * 16 + 9]);
}

TEST(HeadBands, KeysAndValuesBelongToGroups) {
  const auto& set = *sampleWeights();
  const auto bands = headBands(set.heads(), *set.find("model.layers.1.self_attn.k_proj.weight"));
  ASSERT_EQ(bands.size(), 2u);
  Selection s;
  s.layer = 1;
  s.head = 3;
  const HeadBand* band = chosenBand(bands, set.heads(), s, *set.find("model.layers.1.self_attn.k_proj.weight"));
  ASSERT_NE(band, nullptr);
  EXPECT_EQ(band->head, 1);
  EXPECT_EQ(band->rect.y, 4);
  s.layer = 0;
  EXPECT_EQ(chosenBand(bands, set.heads(), s, *set.find("model.layers.1.self_attn.k_proj.weight")), nullptr);
}

// GPT-2's c_attn [D, 3 D]: queries, keys and values side by side, heads in columns. The band of a head encloses the
// numbers that headMatrix() gives.
TEST(HeadBands, OfAFusedMatrixEncloseItsHeads) {
  constexpr std::int64_t kModel = 16, kHeads = 4, kHeadDim = 4;
  const std::string path =
      (std::filesystem::temp_directory_path() / ("orrery-fused-" + std::to_string(::getpid()) + ".safetensors"))
          .string();
  const std::vector<float> all = weightValues(kModel * 3 * kModel, 7);
  ASSERT_TRUE(tensorio::writeSafetensors(path, {{"h.0.attn.c_attn.weight", viewOf(all, {kModel, 3 * kModel})}}).ok());
  auto file = tensorio::openTensors(path);
  ASSERT_TRUE(file.ok());
  weights::Weight fused = weightOf(file->tensors()[0]);
  fused.part = weights::part::kQkv;
  fused.layer = 0;
  fused.transposed = true;
  weights::WeightSet::Parts parts{path, *file, {fused}, {1, kHeads, kHeads, kHeadDim, kModel}, std::uint64_t{1} << 30};
  const auto set = std::make_shared<const weights::WeightSet>(std::move(parts));
  const auto bands = headBands(set->heads(), set->weights()[0]);
  ASSERT_EQ(bands.size(), 12u);
  for (const HeadBand& band : bands) {
    auto head = weights::headMatrix(set, 0, band.head, std::string(1, band.kind));
    ASSERT_TRUE(head.ok()) << head.error().what;
    ASSERT_EQ(head->values.size(), 64u);
    EXPECT_FALSE(band.rows);
    EXPECT_EQ(band.rect.w, 4);
    EXPECT_EQ(band.rect.h, 16);
    const auto x = static_cast<std::size_t>(band.rect.x);
    for (std::size_t r = 0; r < 4; ++r)
      for (std::size_t d = 0; d < 16; ++d)
        EXPECT_EQ(head->values[r * 16 + d], static_cast<double>(all[d * 48 + x + r])) << band.kind << band.head;
  }
  std::filesystem::remove(path);
}

// W_Q^T W_K by three loops over the file's numbers.
TEST(CircuitView, IsTheProductOfTheFactors) {
  for (const bool qk : {true, false}) {
    Request request = weightRequest("circuit", "", {{"product", qk ? "qk" : "ov"}});
    request.selection.layer = 1;
    request.selection.head = 3;
    const Built built = buildOf("circuit", request);
    ASSERT_EQ(built.data[0].values.shape, (Shape{16, 16}));
    const std::vector<double> got = toDoubles(built.data[0].values);
    const std::string layer = "model.layers.1.self_attn.";
    const std::vector<double> q = elementsOf(layer + "q_proj.weight"), k = elementsOf(layer + "k_proj.weight"),
                              v = elementsOf(layer + "v_proj.weight"), o = elementsOf(layer + "o_proj.weight");
    double worst = 0;
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t j = 0; j < 16; ++j) {
        double want = 0;
        for (std::size_t d = 0; d < 4; ++d)
          want += qk ? q[(12 + d) * 16 + i] * k[(4 + d) * 16 + j] : o[i * 16 + 12 + d] * v[(4 + d) * 16 + j];
        worst = std::max(worst, std::abs(got[i * 16 + j] - want));
      }
    std::printf("%s: largest difference %.1e, tolerance 1e-7\n", qk ? "QK" : "OV", worst);
    EXPECT_LE(worst, 1e-7);
  }
}

TEST(DifferenceView, IsTheOtherLessThis) {
  const std::string tensor = "model.layers.0.mlp.up_proj.weight";
  const Built built = buildOf("difference", weightRequest("difference", tensor, {{"step", "1"}}, 900, 900));
  const std::vector<double> a = elementsOf(tensor), b = elementsOf(tensor, 2), got = toDoubles(built.data[0].values);
  ASSERT_EQ(got.size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(got[i], b[i] - a[i], 1e-7);
}

TEST(ChangesView, EqualsTheFormula) {
  const Built built = buildOf("changes", weightRequest("changes", "", {{"step", "0"}}));
  const DataTable& table = built.data[0];
  const std::vector<double> values = toDoubles(table.values);
  for (std::size_t row = 0; row < table.rowLabels.size(); ++row) {
    if (table.rowLabels[row] == "z.zero" || table.rowLabels[row] == "z.broken") continue;
    const std::vector<double> a = elementsOf(table.rowLabels[row]), b = elementsOf(table.rowLabels[row], 1);
    double d = 0, aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      d += (b[i] - a[i]) * (b[i] - a[i]), aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
    EXPECT_NEAR(values[row * 5], std::sqrt(d / aa), 1e-9) << table.rowLabels[row];
    EXPECT_NEAR(values[row * 5 + 1], ab / std::sqrt(aa * bb), 1e-9);
  }
}

TEST(HeadCosines, EqualTheFormula) {
  Request request = weightRequest("head-cosines", "", {{"part", "k"}});
  const Built built = buildOf("head-cosines", request);
  const std::vector<double> got = toDoubles(built.data[0].values);
  const std::vector<double> a = elementsOf("model.layers.0.self_attn.k_proj.weight"),
                            b = elementsOf("model.layers.0.self_attn.k_proj.weight", 1);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 64; i < 128; ++i) aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
  EXPECT_NEAR(got[2], ab / std::sqrt(aa * bb), 1e-6); // heads 2 and 3 share the second key head
  EXPECT_EQ(got[2], got[3]);
}

TEST(HeadCosines, OfAllPairsEqualTheFormula) {
  Request request = weightRequest("head-cosines", "", {{"part", "q"}, {"pairs", "all"}});
  request.selection.layer = 1;
  const Built built = buildOf("head-cosines", request);
  ASSERT_EQ(built.data[0].values.shape, (Shape{4, 4}));
  const std::vector<double> got = toDoubles(built.data[0].values);
  const std::vector<double> a = elementsOf("model.layers.1.self_attn.q_proj.weight"),
                            b = elementsOf("model.layers.1.self_attn.q_proj.weight", 1);
  double worst = 0;
  for (std::size_t here = 0; here < 4; ++here)
    for (std::size_t there = 0; there < 4; ++there) {
      double aa = 0, bb = 0, ab = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        const double x = a[here * 64 + i], y = b[there * 64 + i];
        aa += x * x, bb += y * y, ab += x * y;
      }
      worst = std::max(worst, std::abs(got[here * 4 + there] - ab / std::sqrt(aa * bb)));
    }
  std::printf("largest difference %.1e, tolerance 1e-6\n", worst);
  EXPECT_LE(worst, 1e-6);
}

bool shows(const Built& built, const std::string& text) {
  return std::ranges::any_of(built.scene.texts,
                             [&](const scene::Text& t) { return t.text.find(text) != std::string::npos; });
}

TEST(WeightView, NamesTheHeads) {
  for (const auto& [part, name] : {std::pair{"q", "q3"}, {"k", "k1"}, {"o", "o3"}}) {
    const std::string tensor = std::string("model.layers.1.self_attn.") + part + "_proj.weight";
    EXPECT_TRUE(shows(buildOf("weight", weightRequest("weight", tensor)), name)) << tensor;
  }
  EXPECT_FALSE(shows(buildOf("weight", weightRequest("weight", "model.layers.1.mlp.up_proj.weight")), "q0"));
}

TEST(WeightView, HasAMiniMapOnceZoomedIn) {
  ThreadPool pool(1);
  Request request = weightRequest("weight", "model.embed_tokens.weight");
  auto loader = std::make_shared<TileLoader>(pool, [] {});
  request.loader = loader;
  const auto has = [](const Built& built) {
    return std::ranges::any_of(built.scene.panels, [](const scene::Panel& p) { return p.name == "minimap"; });
  };
  EXPECT_FALSE(has(buildOf("weight", request)));
  request.viewports["weight"] = {0, 100, 16, 50};
  EXPECT_TRUE(has(buildOf("weight", request)));
  request.parameters["minimap"] = "false";
  EXPECT_FALSE(has(buildOf("weight", request)));
  loader->close();
  pool.drain();
}

// The column that sorts stays; what has no room is named.
TEST(SpectraView, SaysWhichColumnsHaveNoRoom) {
  Request narrow = weightRequest("spectra", "", {{"sort", "entropy"}}, 480, 300);
  const Built built = buildOf("spectra", narrow);
  EXPECT_TRUE(shows(built, "↓ entropy"));
  EXPECT_TRUE(shows(built, "not shown"));
  narrow.parameters["columns"] = "entropy, stable*";
  const Built chosen = buildOf("spectra", narrow);
  EXPECT_TRUE(shows(chosen, "stable"));
  EXPECT_FALSE(shows(chosen, "not shown"));
  EXPECT_EQ(chosen.data[0].columnLabels, built.data[0].columnLabels); // the data stays whole
}

TEST(SpectraView, SortsByAnyColumn) {
  Request request = weightRequest("spectra", "", {{"sort", "spectral_norm"}});
  const Built built = buildOf("spectra", request);
  const DataTable& table = built.data[0];
  const std::vector<double> values = toDoubles(table.values);
  const std::size_t width = table.columnLabels.size();
  double last = INFINITY;
  for (std::size_t row = 0; row < table.rowLabels.size(); ++row) {
    const double value = values[row * width];
    if (table.rowLabels[row] == "z.broken") {
      EXPECT_TRUE(std::isnan(value));
      EXPECT_EQ(row + 1, table.rowLabels.size()); // what has no number stands last
      continue;
    }
    EXPECT_LE(value, last);
    last = value;
    const auto& weight = *sampleWeights()->find(table.rowLabels[row]);
    auto direct = analysis::singularValues(weights::sourceOf(sampleWeights(), weight), {.direct = true});
    ASSERT_TRUE(direct.ok());
    EXPECT_NEAR(value, direct->front(), 1e-6 * direct->front() + 1e-300) << table.rowLabels[row];
  }
}

// With a loader the first pictures say that they are incomplete; asked again until they are done, they equal the
// picture that is made at once.
TEST(WeightViews, FillStepByStepToTheSamePicture) {
  ThreadPool pool(2);
  for (const char* name :
       {"weight", "histogram", "spectrum", "spectra", "layers", "changes", "difference", "head-cosines"}) {
    const Registry fresh = builtInViews(); // nothing cached
    const View& view = *fresh.find(name);
    Request request = weightRequest(name, "model.layers.0.self_attn.q_proj.weight");
    const Built whole = buildOf(name, request);
    auto loader = std::make_shared<TileLoader>(pool, [] {});
    request.loader = loader;
    auto built = view.build(request, {});
    int rounds = 0;
    for (; built.ok() && built->incomplete && rounds < 2000; ++rounds) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      built = view.build(request, {});
    }
    ASSERT_TRUE(built.ok()) << name << ": " << built.error().what;
    EXPECT_FALSE(built->incomplete) << name;
    ASSERT_EQ(built->data.size(), whole.data.size()) << name;
    EXPECT_EQ(toDoubles(built->data[0].values).size(), toDoubles(whole.data[0].values).size()) << name;
    const std::vector<double> a = toDoubles(built->data[0].values), b = toDoubles(whole.data[0].values);
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) << name;
    loader->close();
  }
  pool.drain();
}

TEST(Links, ATensorIsSelectedByItsName) {
  Selection s;
  const View& view = *registry().find("spectra");
  s = view.onLink("tensor 3 model.layers.3.mlp.up_proj.weight", s);
  EXPECT_EQ(s.layer, 3);
  EXPECT_EQ(s.tensor, "model.layers.3.mlp.up_proj.weight");
  s = view.onLink("tensor - a name with spaces", s);
  EXPECT_EQ(s.layer, 3);
  EXPECT_EQ(s.tensor, "a name with spaces");
}

} // namespace
