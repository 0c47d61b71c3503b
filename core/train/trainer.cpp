// SPDX-License-Identifier: MIT
#include "core/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <thread>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/models/decoder.h"
#include "core/models/parallel.h"
#include "core/models/torch_decoder.h"
#include "core/tokenize/tokenizer.h"
#include "core/trace/array_file.h"
#include "core/train/adamw.h"
#include "core/train/batches.h"
#include "core/train/bpe_trainer.h"
#include "core/train/checkpoint_writer.h"
#include "core/train/model_card.h"

namespace orrery::train {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLoggedSteps = 200;                 // about so many lines of log
constexpr std::size_t kLossWindow = 20;                    // steps that TrainResult::loss is the mean of
constexpr std::size_t kBpeBytes = 2000000;                 // of text that the tokenizer learns from
constexpr std::uint64_t kHeldOutSeed = 0x9e3779b97f4a7c15; // added to the seed of the data
constexpr std::int64_t kHeldOutRows = 32, kMeasuredPeriod = 64, kMeasuredTexts = 8;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Sets the threads of libtorch and BLAS on this thread while training runs, and puts them back.
class TrainThreads {
public:
  explicit TrainThreads(int threads) : m_before(at::get_num_threads()) {
    const int wanted = threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    if (wanted == 1) m_serial.emplace();
    at::set_num_threads(wanted);
  }
  ~TrainThreads() { at::set_num_threads(m_before); }
  TrainThreads(const TrainThreads&) = delete;
  TrainThreads& operator=(const TrainThreads&) = delete;

private:
  int m_before;
  std::optional<models::SerialBlas> m_serial;
};

// Text, tokenizer and ids.
struct Data {
  std::string tokenizerJson;
  std::shared_ptr<const tokenize::Tokenizer> tokenizer;
  std::vector<Tokens> documents;
};

std::vector<std::string> firstBytes(const std::vector<std::string>& documents, std::size_t bytes) {
  std::vector<std::string> some;
  std::size_t taken = 0;
  for (const std::string& document : documents) {
    if (taken >= bytes) break;
    some.push_back(document);
    taken += document.size();
  }
  return some;
}

Result<std::vector<Tokens>> encodeAll(const std::vector<std::string>& documents, const tokenize::Tokenizer& tokenizer,
                                      std::stop_token stop) {
  std::vector<Tokens> encoded;
  for (const std::string& document : documents) {
    if (stop.stop_requested()) return cancelled();
    encoded.push_back(tokenizer.encode(document, false));
  }
  return encoded;
}

Result<Data> makeData(const TrainSpec& spec, std::stop_token stop) {
  const std::vector<std::string> documents =
      makeCorpus(spec.data.seed, spec.data.mix, static_cast<std::size_t>(spec.data.bytes));
  const auto bpe = trainBpe(firstBytes(documents, kBpeBytes), spec.model.vocab);
  if (!bpe) return bpe.error();
  if (static_cast<std::int64_t>(bpe->vocab.size()) != spec.model.vocab)
    return badInput("model.vocab: the text gives a vocabulary of at most " + std::to_string(bpe->vocab.size()) +
                    " entries, found " + std::to_string(spec.model.vocab));
  Data data;
  data.tokenizerJson = bpe->tokenizerJson();
  auto tokenizer = tokenize::Tokenizer::fromJson(data.tokenizerJson, "trained tokenizer");
  if (!tokenizer) return tokenizer.error();
  data.tokenizer = *tokenizer;
  auto encoded = encodeAll(documents, *data.tokenizer, stop);
  if (!encoded) return encoded.error();
  data.documents = std::move(*encoded);
  return data;
}

// Bytes that a step takes about: weights with gradient and moments, activations kept for the way back, logits.
double stepBytes(const TrainSpec& spec, std::uint64_t parameters) {
  const ModelSizes& m = spec.model;
  double most = 0;
  for (const Stage& stage : spec.stages) {
    const double tokens = static_cast<double>(stage.batch * stage.length);
    const double perLayer = static_cast<double>(16 * m.model + 6 * m.mlp + 4 * m.heads * stage.length);
    most = std::max(most, tokens * (static_cast<double>(m.layers) * perLayer + 4.0 * static_cast<double>(m.vocab)));
  }
  return 4 * (most + 5.0 * static_cast<double>(parameters));
}

Status checkMemory(const TrainSpec& spec) {
  const double needed = stepBytes(spec, modelConfig(spec).parameters());
  const auto available = static_cast<double>(models::availableMemory());
  if (needed <= available) return Done{};
  const auto megabytes = [](double bytes) { return std::to_string(static_cast<std::int64_t>(bytes / 1e6)) + " MB"; };
  return tooLarge("a training step would take about " + megabytes(needed) + ", available are " + megabytes(available));
}

void fillNormal(const at::Tensor& tensor, double deviation, Random& random) { // CPU, F32, contiguous
  float* values = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(deviation * random.normal());
}

// Matrices: normal with half the deviation that would keep the variance, those that write to the residual stream
// smaller (Radford et al. 2019). Own random numbers: the same weights on every machine.
void initialise(const models::Weights& weights, const TrainSpec& spec) {
  Random random(spec.init.seed);
  const auto width = static_cast<double>(spec.model.model);
  const double inner = 0.5 / std::sqrt(width), outer = 0.02 / std::sqrt(2.0 * static_cast<double>(spec.model.layers));
  fillNormal(weights.embed, spec.init.embeddingStd, random);
  const at::Tensor common = at::empty({spec.model.model}); // [D]
  fillNormal(common, spec.init.embeddingMean, random);
  weights.embed.detach().add_(common);
  if (!weights.unembed.is_same(weights.embed)) fillNormal(weights.unembed, spec.init.embeddingStd, random);
  for (const models::BlockWeights& block : weights.blocks) {
    fillNormal(block.qkv.weight, inner, random);
    fillNormal(block.out.weight, outer, random);
    fillNormal(block.in.weight, inner, random);
    fillNormal(block.down.weight, outer, random);
  }
}

// Mean cross entropy of what follows each token, nat. rows: [B, T + 1] int64.
at::Tensor nextTokenLoss(const models::Decoder& decoder, const at::Tensor& rows) {
  const std::int64_t length = rows.size(1) - 1;
  const at::Tensor logits = models::trainForward(decoder, rows.narrow(1, 0, length).contiguous()); // [B, T, V]
  return at::cross_entropy_loss(logits.flatten(0, 1), rows.narrow(1, 1, length).flatten());
}

at::Tensor rowsTensor(Batches& batches, std::int64_t batch, std::int64_t length) { // [B, length]
  std::vector<std::int64_t> ids = batches.next(batch, length);
  return at::from_blob(ids.data(), {batch, length}, at::kLong).clone();
}

class Trainer {
public:
  Trainer(const TrainSpec& spec, const TrainOptions& options, models::Decoder& decoder, std::vector<Tokens> documents)
      : m_spec(spec), m_options(options), m_decoder(decoder),
        m_batches(std::move(documents), spec.model.vocab, spec.data.repeatedTokens,
                  spec.data.seed ^ (spec.init.seed << 32)),
        m_optimizer(leaves(decoder), spec.optimizer) {}

  Status run() {
    m_start = Clock::now();
    m_now.phase = "training";
    for (m_now.step = 0, m_now.steps = m_spec.steps(); m_now.step < m_now.steps;) {
      if (m_options.stop.stop_requested()) return cancelled();
      if (Status done = step(); !done) return done;
      report();
    }
    return Done{};
  }

  double meanLoss() const {
    const std::size_t count = std::min(kLossWindow, m_losses.size());
    return std::accumulate(m_losses.end() - static_cast<std::ptrdiff_t>(count), m_losses.end(), 0.0) /
           static_cast<double>(count);
  }
  double seconds() const { return secondsSince(m_start); }
  const std::vector<std::string>& log() const { return m_log; }

  std::vector<trace::NamedArray> curves() const { // [steps] each
    const auto curve = [](const char* name, const char* unit, const std::vector<double>& values) {
      return trace::NamedArray{name, unit, viewOf(values, Shape{static_cast<std::int64_t>(values.size())}), {}, {}};
    };
    return {curve("loss", "nat", m_losses), curve("learning_rate", "1", m_rates), curve("gradient_norm", "1", m_norms)};
  }

private:
  static std::vector<at::Tensor> leaves(const models::Decoder& decoder) {
    std::vector<at::Tensor> tensors;
    for (models::NamedTensor& parameter : models::parameters(decoder)) {
      parameter.tensor.requires_grad_();
      tensors.push_back(parameter.tensor);
    }
    return tensors;
  }

  Status step() {
    const Stage& stage = m_spec.stageOf(m_now.step);
    m_now.learningRate = m_spec.learningRate(m_now.step);
    const at::Tensor loss = nextTokenLoss(m_decoder, rowsTensor(m_batches, stage.batch, stage.length + 1));
    m_optimizer.clearGradients();
    loss.backward();
    m_now.loss = loss.item<double>();
    m_now.gradientNorm = m_optimizer.clipGradients();
    if (!std::isfinite(m_now.loss) || !std::isfinite(m_now.gradientNorm))
      return badInput("training diverged: the " + std::string(std::isfinite(m_now.loss) ? "gradient" : "loss") +
                      " of step " + std::to_string(m_now.step) + " is not finite (learning rate " +
                      Json(m_now.learningRate).dump() + "); a smaller optimizer.lr may help");
    m_optimizer.step(m_now.learningRate);
    m_tokens += stage.batch * stage.length;
    return Done{};
  }

  void report() {
    const double passed = seconds();
    m_now.tokensPerSecond = static_cast<double>(m_tokens) / std::max(passed, 1e-9);
    m_now.secondsLeft = static_cast<double>(tokensLeft()) / std::max(m_now.tokensPerSecond, 1e-9);
    const std::int64_t every = std::max<std::int64_t>(1, m_now.steps / kLoggedSteps);
    if (m_now.step % every == 0 || m_now.step + 1 == m_now.steps) m_log.push_back(logLine());
    m_losses.push_back(m_now.loss);
    m_rates.push_back(m_now.learningRate);
    m_norms.push_back(m_now.gradientNorm);
    ++m_now.step;
    if (m_options.progress) m_options.progress(m_now);
  }

  std::int64_t tokensLeft() const {
    std::int64_t total = 0;
    for (const Stage& stage : m_spec.stages) total += stage.steps * stage.batch * stage.length;
    return total - m_tokens;
  }

  std::string logLine() const {
    const auto rounded = [](double value) { return std::round(value * 1e6) / 1e6; };
    return Json{{"step", m_now.step},       {"loss", rounded(m_now.loss)},
                {"lr", m_now.learningRate}, {"gradient_norm", rounded(m_now.gradientNorm)},
                {"tokens", m_tokens},       {"tokens_per_second", std::round(m_now.tokensPerSecond)}}
        .dump();
  }

  const TrainSpec& m_spec;
  const TrainOptions& m_options;
  models::Decoder& m_decoder;
  Batches m_batches;
  AdamW m_optimizer;
  TrainProgress m_now;
  Clock::time_point m_start;
  std::int64_t m_tokens = 0;
  std::vector<std::string> m_log;
  std::vector<double> m_losses, m_rates, m_norms; // of every step
};

// Loss on documents of another seed, the longest rows that the model was trained on.
Result<double> heldOutLoss(const TrainSpec& spec, const models::Decoder& decoder, const tokenize::Tokenizer& tokenizer,
                           std::stop_token stop) {
  const std::uint64_t seed = spec.data.seed + kHeldOutSeed;
  auto documents = encodeAll(makeCorpus(seed, spec.data.mix, 100000), tokenizer, stop);
  if (!documents) return documents.error();
  std::int64_t length = 0;
  for (const Stage& stage : spec.stages) length = std::max(length, stage.length);
  Batches batches(std::move(*documents), spec.model.vocab, 0, seed);
  const at::NoGradGuard noGradient;
  double sum = 0;
  for (std::int64_t row = 0; row < kHeldOutRows; ++row) {
    if (stop.stop_requested()) return cancelled();
    sum += nextTokenLoss(decoder, rowsTensor(batches, 1, length + 1)).item<double>();
  }
  return sum / kHeldOutRows;
}

std::string joined(const std::vector<std::string>& lines, std::size_t every = 1) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (i % every == 0 || i + 1 == lines.size()) text += lines[i] + "\n";
  return text;
}

// Reads the folder back, measures it and writes the card: what the card says is true of the stored weights.
Status writeCard(const std::string& folder, CardParts parts, const tokenize::Tokenizer& tokenizer,
                 std::stop_token stop) {
  auto decoder = models::loadDecoder(folder);
  if (!decoder) return decoder.error();
  const std::int64_t period = std::min(kMeasuredPeriod, (parts.spec.model.context - 1) / 2);
  if (period >= 2) {
    auto repeats = measureRepeats(*decoder, period, kMeasuredTexts, 1, stop);
    if (!repeats) return repeats.error();
    parts.repeats = std::move(*repeats);
  }
  for (const char* prompt : {"One sunny morning,", "mipa = 31, zuka = 7, tor = 52\nzuka?", "Say: lo mika ra |"}) {
    const auto room = parts.spec.model.context - static_cast<std::int64_t>(tokenizer.encode(prompt, true).size());
    auto text = sampleText(*decoder, tokenizer, prompt, std::min<std::int64_t>(120, room), 0.7, 1, stop);
    if (!text) return text.error();
    parts.samples.push_back(std::move(*text));
  }
  return writeFileAtomically(folder + "/README.md", modelCard(parts));
}

Status writeAll(const std::string& folder, const models::Decoder& decoder, const Data& data, const Trainer& trainer,
                const CardParts& parts, std::stop_token stop) {
  if (Status done = writeCheckpoint(folder, decoder, parts.spec.stored, data.tokenizerJson); !done) return done;
  const std::string spec = trainSpecJson(parts.spec).dump(2) + "\n";
  if (Status done = writeFileAtomically(folder + "/train_spec.json", spec); !done) return done;
  if (Status done = writeFileAtomically(folder + "/train_log.jsonl", joined(trainer.log())); !done) return done;
  if (Status done = trace::writeArrays(folder + "/train.h5", trainer.curves()); !done) return done;
  return writeCard(folder, parts, *data.tokenizer, stop);
}

void announce(const TrainOptions& options, const std::string& phase) {
  TrainProgress progress;
  progress.phase = phase;
  if (options.progress) options.progress(progress);
}

Result<TrainResult> trainInto(const TrainSpec& spec, const OutputFolder& folder, const TrainOptions& options) {
  announce(options, "text");
  auto data = makeData(spec, options.stop);
  if (!data) return data.error();
  auto decoder = models::randomDecoder(modelConfig(spec), spec.init.seed);
  if (!decoder) return decoder.error();
  initialise((*decoder)->impl().weights, spec);
  Trainer trainer(spec, options, **decoder, std::move(data->documents));
  if (Status done = trainer.run(); !done) return done.error();
  TrainResult result{"", spec.steps(), (*decoder)->parameters(), trainer.seconds(), trainer.meanLoss(), 0};
  announce(options, "measuring");
  auto heldOut = heldOutLoss(spec, **decoder, *data->tokenizer, options.stop);
  if (!heldOut) return heldOut.error();
  result.heldOutLoss = *heldOut;
  const CardParts parts{
      spec, result, {}, {}, joined(trainer.log(), std::max<std::size_t>(1, trainer.log().size() / 12))};
  if (Status done = writeAll(folder.temporary(), **decoder, *data, trainer, parts, options.stop); !done)
    return done.error();
  return result;
}

} // namespace

models::ModelConfig modelConfig(const TrainSpec& spec) {
  models::ModelConfig config;
  config.architecture = "LlamaForCausalLM";
  config.layers = spec.model.layers;
  config.heads = spec.model.heads;
  config.kvHeads = spec.model.kvHeads;
  config.headDim = spec.model.model / spec.model.heads;
  config.model = spec.model.model;
  config.mlp = spec.model.mlp;
  config.vocab = spec.model.vocab;
  config.context = spec.model.context;
  config.norm = models::NormKind::Rms;
  config.position = models::PositionKind::Rope;
  config.rope.theta = spec.model.ropeTheta;
  config.rope.dims = config.headDim;
  config.activation = models::Activation::Silu;
  config.gated = true;
  config.qkvBias = config.outBias = config.mlpBias = config.normBias = false;
  config.tied = spec.model.tied;
  config.json = models::configJson(config);
  return config;
}

Result<TrainResult> train(const TrainSpec& spec, const std::string& out, const TrainOptions& options) {
  if (Status fits = checkMemory(spec); !fits) return fits.error();
  auto folder = OutputFolder::create(out);
  if (!folder) return folder.error();
  try {
    const TrainThreads threads(options.threads);
    auto result = trainInto(spec, *folder, options);
    if (!result) return result;
    if (Status done = folder->commit(); !done) return done.error();
    result->out = out;
    return result;
  } catch (const std::bad_alloc&) {
    return tooLarge("training ran out of memory");
  } catch (const std::exception& problem) {
    return Error{Code::Internal, std::string("training failed inside libtorch: ") + problem.what(), {}, {}};
  }
}

} // namespace orrery::train
