// SPDX-License-Identifier: MIT
// One head of a text of 32768 tokens on a canvas: panning and zooming answer from cached tiles and coarser levels.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <random>

#include "core/hooks/overview.h"
#include "tests/views/gpu/test_view.h"
#include "views/registry.h"

namespace orrery::gpu {
namespace {

constexpr std::int64_t kTokens = 32768, kHeadDim = 64;

// Positions as rotations, so that queries look at keys near them; every row's log-sum-exp roughly right.
TensorView rotations(double noise, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, static_cast<float>(noise));
  std::vector<float> values(static_cast<std::size_t>(kTokens * kHeadDim));
  for (std::int64_t t = 0; t < kTokens; ++t)
    for (std::int64_t d = 0; d < kHeadDim / 2; ++d) {
      const double angle = static_cast<double>(t) * std::pow(1e-4, static_cast<double>(d) / (kHeadDim / 2));
      const auto at = static_cast<std::size_t>(t * kHeadDim + d);
      values[at] = static_cast<float>(std::cos(angle)) + normal(random);
      values[at + kHeadDim / 2] = static_cast<float>(std::sin(angle)) + normal(random);
    }
  return viewOf(std::move(values), Shape{1, kTokens, kHeadDim});
}

store::SnapshotPtr longText(ThreadPool& pool) {
  auto snapshot = std::make_shared<store::Snapshot>();
  snapshot->run = snapshot->revision = 1;
  snapshot->info = std::make_shared<const store::RunInfo>();
  std::vector<float> lse;
  for (std::int64_t t = 0; t < kTokens; ++t) {
    snapshot->tokens.push_back(static_cast<std::int32_t>(t % 100));
    snapshot->pieces.push_back(" w" + std::to_string(t % 100));
    lse.push_back(6 + static_cast<float>(std::log1p(static_cast<double>(t))));
  }
  snapshot->promptTokens = kTokens;
  hooks::AttentionRecord record;
  record.heads = record.kvHeads = 1;
  record.headDim = kHeadDim;
  record.tokens = kTokens;
  record.scale = 0.3;
  record.q = rotations(0.6, 1);
  record.k = rotations(0.6, 2);
  record.lse = viewOf(std::move(lse), Shape{1, kTokens});
  record.overview = {hooks::overviewCell(kTokens, 256), kTokens, {}};
  const std::int64_t rows = kTokens / record.overview.cell;
  record.overview.rows.resize(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r)
    pool.post([&record, r] {
      auto row = hooks::overviewRow(record, record.overview.cell, r);
      record.overview.rows[static_cast<std::size_t>(r)] = std::make_shared<const hooks::OverviewRow>(std::move(*row));
    });
  pool.drain();
  snapshot->attention.push_back(std::move(record));
  return snapshot;
}

double quantileOf(std::vector<double> values, double at) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1))];
}

class CanvasLong : public testing::Test {
protected:
  // From a change of the viewport to the first picture made for it, in ms.
  void noteAnswers(Canvas& canvas) {
    QObject::connect(&canvas, &Canvas::pictureChanged, &canvas, [this] {
      if (!m_asked.isValid()) return;
      m_answers.push_back(static_cast<double>(m_asked.nsecsElapsed()) / 1e6);
      m_asked.invalidate();
    });
  }
  void ask(Canvas& canvas, const scene::Rect& shown) {
    if (!m_asked.isValid()) m_asked.start();
    canvas.setViewports({{"head", shown}});
  }
  // Milliseconds until the finest level is shown.
  double settle(Canvas& canvas) {
    QElapsedTimer timer;
    timer.start();
    EXPECT_TRUE(waitFor([&] { return !canvas.busy() && !canvas.refining(); }, 120000));
    return static_cast<double>(timer.nsecsElapsed()) / 1e6;
  }

  ThreadPool m_pool{2};
  QElapsedTimer m_asked;
  std::vector<double> m_answers;
};

TEST_F(CanvasLong, PanAndZoomStayFluentAndEndAtTheFinestLevel) {
  const views::Registry registry = views::builtInViews();
  const views::View* view = registry.find("head");
  ASSERT_TRUE(view);
  Canvas canvas(m_pool);
  canvas.resize(1000, 900);
  canvas.setView(view, longText(m_pool), {}, {});
  showAndWait(canvas);
  ASSERT_TRUE(canvas.built()) << canvas.failureText().toStdString();
  std::printf("whole head after %.0f ms more\n", settle(canvas));
  noteAnswers(canvas);
  canvas.meter().reset();
  int coarse = 0, pictures = 0;
  QObject::connect(&canvas, &Canvas::pictureChanged, &canvas, [&] {
    ++pictures;
    coarse += canvas.refining();
  });
  // Into the diagonal down to single cells, along it, and out again.
  constexpr int kSteps = 60;
  const auto move = [&](double x, double y, double size) {
    ask(canvas, {std::clamp(x, 0.0, kTokens - size), std::clamp(y, 0.0, kTokens - size), size, size});
    spin(16);
  };
  for (int i = 0; i <= kSteps; ++i) {
    const double size = static_cast<double>(kTokens) * std::pow(0.001, i / double(kSteps));
    move(20000 - size / 2, 20100 - size / 2, size);
  }
  for (int i = 0; i < kSteps; ++i) move(18000 + 30 * i, 20000 + 60 * i, 4096);
  for (int i = kSteps; i >= 0; --i) {
    const double size = static_cast<double>(kTokens) * std::pow(0.001, i / double(kSteps));
    move(9000 - size / 2, 9100 - size / 2, size);
  }
  const FrameMeter::Stats stats = canvas.meter().stats();
  std::printf("%d pictures, %d of them with coarser cells; request to first picture p50 %.1f p99 %.1f ms\n", pictures,
              coarse, quantileOf(m_answers, 0.5), quantileOf(m_answers, 0.99));
  expectFluent(canvas, stats);
  EXPECT_GT(coarse, 0) << "no coarser level was ever shown";
  settle(canvas);
  for (const double size : {8192.0, 4096.0, 2048.0, 512.0}) {
    ask(canvas, {12000 - size, 12000 - size / 2, size, size});
    const double milliseconds = settle(canvas);
    EXPECT_FALSE(canvas.built()->incomplete);
    std::printf("%5.0f tokens across: finest level after %.0f ms\n", size, milliseconds);
  }
}

} // namespace
} // namespace orrery::gpu
