// SPDX-License-Identifier: MIT
// Threads: one leads (opens, publishes, closes), some train tiles, one draws curves on demand.
#include "core/sweep/sweep.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "core/base/thread_pool.h"
#include "core/sweep/layer_trainers.h"
#include "core/sweep/map_build.h"
#include "core/sweep/nulls.h"
#include "core/sweep/sweep_store.h"

namespace orrery::sweep {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using namespace std::chrono_literals;

constexpr std::size_t kMaxSent = 512; // pixels of a tile for another rank: a message that MPI sends without waiting
constexpr auto kPublishEvery = 100ms;
constexpr std::chrono::milliseconds kServeEvery = 1ms; // what another rank may have to wait for its next tile
constexpr double kShownSeconds = 0.3;                  // a tile may take so long where somebody looks on
constexpr std::size_t kLeastShown = 32;                // runs of such a tile
constexpr double kPublishShare = 0.1;                  // of the time may go into pictures of a large map

// Time that passes only while it runs.
class StopWatch {
public:
  void start() {
    if (!m_since) m_since = Clock::now();
  }
  void stop() {
    m_before = seconds();
    m_since.reset();
  }
  double seconds() const { return m_before + (m_since ? Seconds(Clock::now() - *m_since).count() : 0); }

private:
  double m_before = 0;
  std::optional<Clock::time_point> m_since;
};

Map emptyMap(const SweepSpec& spec) {
  Map map;
  map.x = spec.x.values();
  map.y = spec.y.values();
  map.pixels.classes.resize(map.size());
  map.pixels.value.resize(map.size());
  map.pixels.state.resize(map.size(), kNone);
  return map;
}

bool isOver(SweepState state) {
  return state == SweepState::Done || state == SweepState::Cancelled || state == SweepState::Failed;
}

} // namespace

struct Sweep::Impl {
  Impl(SweepSpec spec, SweepOptions options);
  ~Impl();

  void lead();
  Status run();
  Status prepare();
  Status makeLayers(std::vector<std::vector<FinishedRun>>& found);
  Result<ScheduleLayer> layer(std::uint32_t id);
  void restore(std::vector<std::vector<FinishedRun>>& found);
  void watch();
  void serve();
  std::size_t hands() const;    // threads of all processes
  std::size_t tileSize() const; // m_mutex held
  void work();
  bool next(Tile& tile);
  Status train(const Tile& tile, std::vector<Digest>& digests);
  Status deliver(const Tile& tile, const std::vector<Digest>& digests);
  void fail(const Error& error); // m_mutex held
  Status finish();
  Map build(bool preview);
  void publish();
  void fillCounts(SweepProgress& progress) const; // m_mutex held
  void show(std::shared_ptr<const Map> map, bool complete);

  const SweepSpec m_spec;
  const SweepOptions m_options;
  std::string m_specText;
  LayerTrainers m_trainers{m_spec, m_options}; // of the leading thread
  const Trainer* m_trainer = nullptr;          // of the map; set before the workers start
  std::shared_ptr<SampleCache::Kind> m_kind;
  std::unique_ptr<SweepStore> m_store;
  std::vector<std::uint32_t> m_layerIds; // places in layerNames() of the schedule's layers
  bool m_labels = false;

  mutable std::mutex m_mutex;
  std::condition_variable m_wake;                             // work, pause, stop
  std::condition_variable m_done;                             // the state is over
  std::unique_ptr<Schedule> m_schedule;                       // guarded by m_mutex; null while preparing
  SweepState m_state = SweepState::Preparing;                 // guarded by m_mutex
  bool m_paused = false, m_stop = false, m_cancelled = false; // guarded by m_mutex
  bool m_ready = false, m_over = false;                       // guarded by m_mutex: prepared; nothing is left to train
  std::optional<Error> m_error;                               // guarded by m_mutex
  StopWatch m_watch;                                          // guarded by m_mutex
  std::int64_t m_trained = 0;                                 // guarded by m_mutex
  std::uint64_t m_changes = 0, m_shown = 0;                   // guarded by m_mutex: of the schedule, of the snapshot
  std::function<void()> m_listener;                           // guarded by m_mutex
  std::shared_ptr<const MapSnapshot> m_snapshot;              // guarded by m_mutex
  mutable bool m_watched = false;                             // guarded by m_mutex: somebody looks at snapshots
  std::optional<PixelRect> m_view;                            // guarded by m_mutex

  std::stop_source m_stopTraining, m_stopCurves;
  std::vector<std::thread> m_workers; // of the leading thread
  ThreadPool m_curves{1};
  std::thread m_lead;
};

Sweep::Impl::Impl(SweepSpec spec, SweepOptions options) : m_spec(std::move(spec)), m_options(std::move(options)) {
  auto snapshot = std::make_shared<MapSnapshot>();
  snapshot->map = std::make_shared<const Map>();
  const auto pixels = static_cast<std::int64_t>(m_spec.x.size()) * static_cast<std::int64_t>(m_spec.y.size());
  if (pixels <= kMaxPixels) snapshot->map = std::make_shared<const Map>(emptyMap(m_spec));
  snapshot->progress.pixels = pixels;
  m_snapshot = std::move(snapshot);
  m_lead = std::thread([this] { lead(); });
}

Sweep::Impl::~Impl() {
  m_stopCurves.request_stop();
  m_lead.join();
}

// What a library or the memory throws must not leave a thread.
template <class Work> Status guarded(const Work& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return Error{Code::Internal, std::string("the sweep was given up: ") + error.what(), {}, {}};
  }
}

void Sweep::Impl::lead() {
  const Status status = guarded([this] { return run(); });
  std::lock_guard lock(m_mutex);
  if (!status && !m_error) m_error = status.error();
  m_watch.stop();
  m_state = m_error ? SweepState::Failed : m_cancelled && !m_over ? SweepState::Cancelled : SweepState::Done;
  auto last = std::make_shared<MapSnapshot>(*m_snapshot);
  last->progress.state = m_state;
  last->revision++;
  m_snapshot = std::move(last);
  if (m_listener) m_listener();
  m_done.notify_all();
  m_wake.notify_all();
}

Status Sweep::Impl::run() {
  const Status prepared = guarded([this] { return prepare(); });
  if (m_options.ranks && prepared) m_options.ranks->sendSpec(m_specText);
  if (m_options.ranks && !prepared) (void)m_options.ranks->stop();
  if (!prepared && m_store) m_store->forgetIfNew();
  if (!prepared) return prepared;
  for (int i = 0; i < threadsOf(m_options); ++i) m_workers.emplace_back([this] { work(); });
  const Status watched = guarded([this] {
    watch();
    return Status(Done{});
  });
  if (!watched) {
    std::lock_guard lock(m_mutex);
    fail(watched.error());
  }
  for (std::thread& worker : m_workers) worker.join();
  return finish();
}

Status Sweep::Impl::prepare() {
  const auto height = static_cast<std::int64_t>(m_spec.y.size()), width = static_cast<std::int64_t>(m_spec.x.size());
  if (height > kMaxPixels / width)
    return tooLarge("a map of " + std::to_string(height) + " x " + std::to_string(width) + " pixels, at most " +
                    std::to_string(kMaxPixels) + " are computed");
  if (m_options.shards < 1 || m_options.shard < 0 || m_options.shard >= m_options.shards)
    return badInput("shard " + std::to_string(m_options.shard) + " of " + std::to_string(m_options.shards) +
                    ": shards count from 0");
  std::vector<std::vector<FinishedRun>> found(layerNames().size());
  if (!m_options.out.empty()) {
    auto store = SweepStore::open(m_options.out, m_spec, m_options.resume, m_options.shard, m_options.shards);
    if (!store) return store.error();
    m_store = std::move(*store);
    m_specText = m_store->spec();
    m_labels = m_store->hasLabels();
    found = m_store->takeFound();
  } else {
    auto text = specText(m_spec);
    if (!text) return text.error();
    m_specText = *text;
  }
  auto trainer = m_trainers.get(0);
  if (!trainer) return trainer.error();
  m_trainer = *trainer;
  if (m_options.cache) m_kind = m_options.cache->kind(m_spec);
  if (Status status = makeLayers(found); !status) return status;
  restore(found);
  return Done{};
}

Result<ScheduleLayer> Sweep::Impl::layer(std::uint32_t id) {
  auto trainer = m_trainers.get(id);
  if (!trainer) return trainer.error();
  ScheduleLayer layer{layerNames()[id], *trainer, runsOf(m_spec, id), {}};
  if (m_kind && *trainer == m_trainer)
    layer.recall = [this, run = layer.run](std::uint32_t pixel) { return SampleCache::find(*m_kind, run(pixel)); };
  return layer;
}

// The map, what the options ask for, and what an earlier sweep has begun in this file.
Status Sweep::Impl::makeLayers(std::vector<std::vector<FinishedRun>>& found) {
  const auto wanted = [&](const std::string& name) {
    if (name == kRoundingLayer) return m_options.rounding;
    return std::find(m_options.nulls.begin(), m_options.nulls.end(), name) != m_options.nulls.end();
  };
  for (const std::string& name : m_options.nulls)
    if (const auto& known = nullNames(); std::find(known.begin(), known.end(), name) == known.end())
      return badInput("null map " + name + " is not known");
  m_labels = m_labels || wanted("labels");
  std::vector<ScheduleLayer> layers;
  for (std::uint32_t id = 0; id < layerNames().size(); ++id) {
    if (id > 0 && found[id].empty() && !wanted(layerNames()[id])) continue;
    auto made = layer(id);
    if (!made) return made.error();
    layers.push_back(std::move(*made));
    m_layerIds.push_back(id);
  }
  std::lock_guard lock(m_mutex);
  m_schedule = std::make_unique<Schedule>(
      static_cast<std::int64_t>(m_spec.y.size()), static_cast<std::int64_t>(m_spec.x.size()), refinementOf(m_spec),
      std::move(layers), [this](const Digest& digest) { return classOf(m_spec, digest); }, m_options.shard,
      m_options.shards);
  return Done{};
}

void Sweep::Impl::restore(std::vector<std::vector<FinishedRun>>& found) {
  std::lock_guard lock(m_mutex);
  const std::size_t pixels = m_spec.x.size() * m_spec.y.size();
  for (std::uint32_t layer = 0; layer < m_layerIds.size(); ++layer)
    for (const FinishedRun& run : found[m_layerIds[layer]])
      if (run.pixel < pixels) m_schedule->restore(layer, run.pixel, run.digest);
  if (m_view) m_schedule->setView(*m_view);
  m_schedule->begin();
  m_ready = true;
  ++m_changes;
  m_state = m_paused ? SweepState::Paused : SweepState::Running;
  if (!m_paused) m_watch.start();
  m_wake.notify_all();
}

// Until all is trained or it is stopped: pictures, and the budget.
void Sweep::Impl::watch() {
  double cost = 0;
  auto next = Clock::now();
  std::unique_lock lock(m_mutex);
  while (!m_stop && !m_schedule->over()) {
    m_wake.wait_for(lock, m_options.ranks ? kServeEvery : kPublishEvery / 2);
    if (m_options.ranks) {
      lock.unlock();
      serve();
      lock.lock();
    }
    if (m_options.budgetSeconds > 0 && m_watch.seconds() >= m_options.budgetSeconds) {
      m_stop = true;
      m_stopTraining.request_stop();
    }
    if (!m_watched || m_shown == m_changes || Clock::now() < next) continue;
    lock.unlock();
    const auto before = Clock::now();
    publish();
    cost = Seconds(Clock::now() - before).count();
    next = Clock::now() + std::max<Clock::duration>(kPublishEvery, std::chrono::duration_cast<Clock::duration>(
                                                                       Seconds(cost / kPublishShare)));
    lock.lock();
  }
  m_wake.notify_all();
  if (!m_options.ranks) return;
  m_stop = true;
  lock.unlock();
  const std::vector<Tile> lost = m_options.ranks->stop();
  lock.lock();
  for (Tile tile : lost) {
    tile.layer =
        static_cast<std::uint32_t>(std::find(m_layerIds.begin(), m_layerIds.end(), tile.layer) - m_layerIds.begin());
    m_schedule->giveBack(tile);
  }
}

// Tiles for the other ranks: layers go by their places in layerNames() there.
void Sweep::Impl::serve() {
  const auto take = [this]() -> std::optional<Tile> {
    std::lock_guard lock(m_mutex);
    if (m_stop || m_paused) return std::nullopt;
    auto tile = m_schedule->take(kMaxSent, hands());
    if (tile) tile->layer = m_layerIds[tile->layer];
    return tile;
  };
  const auto deliverFrom = [this](const Tile& tile, const std::vector<Digest>& digests) {
    Tile mine = tile;
    const auto at = std::find(m_layerIds.begin(), m_layerIds.end(), tile.layer);
    mine.layer = static_cast<std::uint32_t>(at - m_layerIds.begin());
    return at == m_layerIds.end() ? Status(badInput("a tile of an unknown layer")) : deliver(mine, digests);
  };
  if (Status status = m_options.ranks->serve(take, deliverFrom); !status) {
    std::lock_guard lock(m_mutex);
    fail(status.error());
  }
}

std::size_t Sweep::Impl::hands() const {
  return static_cast<std::size_t>(threadsOf(m_options) * (m_options.ranks ? m_options.ranks->size() : 1));
}

// For those who look on, tiles that end soon; else as many runs as the trainer likes.
std::size_t Sweep::Impl::tileSize() const {
  if (!m_watched || m_trained == 0) return std::numeric_limits<std::size_t>::max();
  const double each = m_watch.seconds() * static_cast<double>(hands()) / static_cast<double>(m_trained);
  return std::max(kLeastShown, static_cast<std::size_t>(kShownSeconds / std::max(each, 1e-9)));
}

// Waits for a tile; false when there is nothing more to do.
bool Sweep::Impl::next(Tile& tile) {
  std::unique_lock lock(m_mutex);
  bool taken = false;
  m_wake.wait(lock, [&] {
    if (m_stop || m_schedule->over()) return true;
    if (m_paused) return false;
    auto got = m_schedule->take(tileSize(), hands());
    if (!got) return false;
    tile = std::move(*got);
    return taken = true;
  });
  return taken;
}

Status Sweep::Impl::train(const Tile& tile, std::vector<Digest>& digests) {
  const ScheduleLayer& layer = m_schedule->layers()[tile.layer]; // immutable since it was made
  std::vector<RunParameters> runs;
  for (const std::uint32_t pixel : tile.pixels) runs.push_back(layer.run(pixel));
  digests.resize(runs.size());
  Status status = layer.trainer->train(runs, digests, m_stopTraining.get_token());
  if (!status || !m_kind || layer.trainer != m_trainer) return status;
  for (std::size_t i = 0; i < runs.size(); ++i) m_options.cache->keep(*m_kind, runs[i], digests[i]);
  return status;
}

// The journal first: what the map shows is safe.
Status Sweep::Impl::deliver(const Tile& tile, const std::vector<Digest>& digests) {
  if (m_store) {
    std::vector<FinishedRun> runs;
    for (std::size_t i = 0; i < digests.size(); ++i) runs.push_back({tile.pixels[i], digests[i]});
    if (Status status = m_store->append(m_layerIds[tile.layer], runs); !status) return status;
  }
  std::lock_guard lock(m_mutex);
  m_schedule->finish(tile, digests);
  m_trained += static_cast<std::int64_t>(digests.size());
  ++m_changes;
  m_wake.notify_all();
  return Done{};
}

void Sweep::Impl::fail(const Error& error) {
  if (!m_error) m_error = error;
  m_stop = true;
  m_stopTraining.request_stop();
  m_wake.notify_all();
}

void Sweep::Impl::work() {
  Tile tile;
  std::vector<Digest> digests;
  while (next(tile)) {
    const Status status = guarded([&] {
      const Status trained = train(tile, digests);
      return trained ? deliver(tile, digests) : trained;
    });
    if (status) continue;
    std::lock_guard lock(m_mutex);
    m_schedule->giveBack(tile);
    if (status.error().code != Code::Cancelled) fail(status.error());
  }
}

Map Sweep::Impl::build(bool preview) {
  std::vector<KnownLayer> known;
  bool over = false;
  {
    std::lock_guard lock(m_mutex);
    m_shown = m_changes;
    for (std::uint32_t layer = 0; layer < m_layerIds.size(); ++layer)
      known.push_back({layerNames()[m_layerIds[layer]], m_schedule->classes(layer), m_schedule->digests(layer)});
    over = m_schedule->over();
  }
  Map map = buildMap(m_spec, known, {preview, m_labels, m_options.shard, m_options.shards, over});
  map.spec = m_specText;
  return map;
}

void Sweep::Impl::fillCounts(SweepProgress& progress) const {
  progress.state = m_state;
  progress.pixels = static_cast<std::int64_t>(m_spec.x.size() * m_spec.y.size());
  progress.seconds = m_watch.seconds();
  progress.trained = m_trained;
  if (!m_ready) return;
  progress.flopsPerStep = m_trainer->flopsPerStep();
  progress.runs = m_schedule->done(0);
  progress.runsAsked = m_schedule->asked(0);
  progress.extraRuns = progress.extraAsked = 0;
  for (std::uint32_t layer = 1; layer < m_layerIds.size(); ++layer) {
    progress.extraRuns += m_schedule->done(layer);
    progress.extraAsked += m_schedule->asked(layer);
  }
  progress.phase = progress.runs < progress.runsAsked         ? "map"
                   : progress.extraRuns < progress.extraAsked ? "beside"
                                                              : "";
  progress.runsPerSecond = progress.seconds > 0 ? static_cast<double>(m_trained) / progress.seconds : 0;
  const auto left = static_cast<double>(m_schedule->pending());
  progress.secondsLeft = progress.runsPerSecond > 0 ? left / progress.runsPerSecond : 0;
}

void Sweep::Impl::show(std::shared_ptr<const Map> map, bool complete) {
  auto snapshot = std::make_shared<MapSnapshot>();
  snapshot->progress.guessed = countStates(map->pixels.state).guessed;
  snapshot->progress.audits = map->audits;
  snapshot->progress.failedAudits = map->failedAudits;
  snapshot->progress.auditErrors = wilsonInterval(map->failedAudits, map->audits);
  snapshot->map = std::move(map);
  std::lock_guard lock(m_mutex);
  fillCounts(snapshot->progress);
  snapshot->revision = m_snapshot->revision + 1;
  m_snapshot = std::move(snapshot);
  if (!complete && m_listener) m_listener();
}

void Sweep::Impl::publish() { show(std::make_shared<const Map>(build(true)), false); }

// What was computed goes into the map file, also of a sweep that was stopped; after a failure the journal keeps it.
Status Sweep::Impl::finish() {
  {
    std::lock_guard lock(m_mutex);
    m_over = m_schedule->over();
    if (m_error) {
      if (m_store) m_error->notes.push_back("finished runs stand in " + m_options.out + ".journal; --resume goes on");
      return *m_error;
    }
  }
  auto map = std::make_shared<Map>(build(false));
  Status status = m_store ? m_store->close(*map, m_spec.measure) : Status(Done{});
  show(std::move(map), true);
  return status;
}

Sweep::Sweep(SweepSpec spec, SweepOptions options)
    : m_impl(std::make_unique<Impl>(std::move(spec), std::move(options))) {}

Sweep::~Sweep() { cancel(); }

const SweepSpec& Sweep::spec() const { return m_impl->m_spec; }

void Sweep::setListener(std::function<void()> changed) {
  std::lock_guard lock(m_impl->m_mutex);
  m_impl->m_listener = std::move(changed);
  m_impl->m_watched = true;
}

std::shared_ptr<const MapSnapshot> Sweep::snapshot() const {
  std::lock_guard lock(m_impl->m_mutex);
  m_impl->m_watched = true;
  return m_impl->m_snapshot;
}

SweepProgress Sweep::progress() const {
  std::lock_guard lock(m_impl->m_mutex);
  SweepProgress progress = m_impl->m_snapshot->progress;
  m_impl->fillCounts(progress);
  return progress;
}

void Sweep::pause() {
  std::lock_guard lock(m_impl->m_mutex);
  if (isOver(m_impl->m_state)) return;
  m_impl->m_paused = true;
  m_impl->m_watch.stop();
  if (m_impl->m_ready) m_impl->m_state = SweepState::Paused;
}

void Sweep::resume() {
  std::lock_guard lock(m_impl->m_mutex);
  if (isOver(m_impl->m_state)) return;
  m_impl->m_paused = false;
  if (!m_impl->m_ready) return;
  m_impl->m_watch.start();
  m_impl->m_state = SweepState::Running;
  m_impl->m_wake.notify_all();
}

void Sweep::cancel() {
  std::lock_guard lock(m_impl->m_mutex);
  if (isOver(m_impl->m_state)) return;
  m_impl->m_stop = m_impl->m_cancelled = true;
  m_impl->m_stopTraining.request_stop();
  m_impl->m_wake.notify_all();
}

void Sweep::setView(const PixelRect& view) {
  std::lock_guard lock(m_impl->m_mutex);
  m_impl->m_view = view;
  if (m_impl->m_ready) m_impl->m_schedule->setView(view);
}

Status Sweep::wait() {
  std::unique_lock lock(m_impl->m_mutex);
  m_impl->m_done.wait(lock, [this] { return isOver(m_impl->m_state); });
  return m_impl->m_error ? Status(*m_impl->m_error) : Status(Done{});
}

void Sweep::curve(std::uint32_t pixel, std::function<void(Result<std::vector<double>>)> done) {
  Impl* impl = m_impl.get();
  impl->m_curves.post([impl, pixel, done = std::move(done)] {
    std::unique_lock lock(impl->m_mutex);
    const bool known = pixel < impl->m_spec.x.size() * impl->m_spec.y.size();
    impl->m_wake.wait(lock, [&] { return impl->m_ready || isOver(impl->m_state); });
    if (!impl->m_ready || !known) {
      lock.unlock();
      return done(badInput("there is no pixel " + std::to_string(pixel)));
    }
    const RunParameters run = impl->m_schedule->layers().front().run(pixel);
    lock.unlock();
    done(impl->m_trainer->curve(run, impl->m_stopCurves.get_token()));
  });
}

} // namespace orrery::sweep
