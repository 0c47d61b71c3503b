// SPDX-License-Identifier: MIT
// Compiled once per vector unit (Highway's foreach_target) and chosen at run time. Activations are [feature][column], a
// column being a token of a tile of sequences; what is said of rows below runs along all columns.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/sweep/transformer_kernel.cpp"
#include "hwy/foreach_target.h" // stands first: it includes this file again

#include "core/sweep/products-inl.h"
#include "core/sweep/transformer_kernel.h"

#include <algorithm>
#include <cmath>

HWY_BEFORE_NAMESPACE();
namespace orrery::sweep {
namespace HWY_NAMESPACE {

template <class T> struct Pass {
  using V = Vector<T>;
  using Scratch = TransformerScratch<T>;
  const TransformerJob<T>& job;
  const TransformerShape& shape = *job.shape;
  const Scratch& s = *job.scratch;
  const Tag<T> tag{};
  const std::size_t lanes = lanesOf<T>(), n = shape.columns, d = shape.d, wide = shape.wide;
  std::size_t first = 0, here = 0; // sequences of the tile: those of the batch from `first` on
  double loss = 0;

  void enter(Phase phase) const {
    if (job.clock) job.clock->enter(phase);
  }
  void product(const Product<T>& p) const {
    enter(Phase::Products);
    multiply(p);
    enter(Phase::Rest);
  }

  V load(const T* at) const { return hn::Load(tag, at); }
  void store(V value, T* at) const { hn::Store(value, tag, at); }
  V set(double value) const { return hn::Set(tag, static_cast<T>(value)); }
  const T* weights(std::size_t at) const { return job.weights + at; }
  T* gradients(std::size_t at) const { return job.gradient + at; }

  std::int32_t token(std::size_t sequence, std::size_t t) const {
    return job.tokens[static_cast<std::size_t>(job.starts[first + sequence]) + t];
  }

  // out = (or +=) W in, in and out rows of columns.
  void apply(const MatrixPlace& w, std::size_t out, const T* in, T* to, bool accumulate) const {
    const std::size_t row = w.outputRows ? toStrip(w.in) : 1, depth = w.outputRows ? 1 : toStrip(w.out);
    product({out, n, w.in, weights(w.at), row, depth, in, n, to, n, accumulate});
  }
  // in = W transposed out.
  void applyBack(const MatrixPlace& w, std::size_t out, const T* from, T* to) const {
    const std::size_t row = w.outputRows ? 1 : toStrip(w.out), depth = w.outputRows ? toStrip(w.in) : 1;
    product({w.in, n, out, weights(w.at), row, depth, from, n, to, n, false});
  }
  // Gradient of a matrix whose stored rows belong to `rows`, its columns to what stands in s.turned.
  void outer(const MatrixPlace& w, std::size_t count, const T* rows) const {
    product({count, wide, n, rows, n, 1, s.turned, wide, gradients(w.at), wide, true});
  }
  void turn(const T* rows) const { transpose(rows, n, d, n, s.turned, wide); }

  // Adds `value` at columns c .. of row r of a parameter vector to its sums by lane.
  T* partialOf(std::size_t entry, std::size_t column) const { return s.partial + entry * kStrip + column % kStrip; }
  void addPartial(std::size_t entry, std::size_t column, V value) const {
    T* at = partialOf(entry, column);
    store(hn::Add(load(at), value), at);
  }
  void addRows(std::size_t entry, const T* rows, std::size_t count) const {
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t c = 0; c < n; c += lanes) addPartial(entry + r, c, load(rows + r * n + c));
  }

  void embed() const {
    for (std::size_t c = 0; c < n; ++c) {
      T* row = s.turned + c * wide;
      const std::size_t sequence = c / shape.padded, t = c % shape.padded;
      if (sequence >= here || t >= shape.context) {
        std::fill(row, row + wide, T(0));
        continue;
      }
      const T* e = weights(shape.embedding.at) + static_cast<std::size_t>(token(sequence, t)) * wide;
      for (std::size_t i = 0; i < wide; i += lanes)
        store(hn::Add(load(e + i), load(job.positions + t * wide + i)), row + i);
    }
    transpose(s.turned, wide, n, d, s.x, n);
  }

  void embedBack() const {
    turn(s.change);
    for (std::size_t sequence = 0; sequence < here; ++sequence)
      for (std::size_t t = 0; t < shape.context; ++t) {
        T* e = gradients(shape.embedding.at) + static_cast<std::size_t>(token(sequence, t)) * wide;
        const T* row = s.turned + (sequence * shape.padded + t) * wide;
        for (std::size_t i = 0; i < wide; i += lanes) store(hn::Add(load(e + i), load(row + i)), e + i);
      }
  }

  void normalise(const typename Scratch::Norm& norm) const {
    const V share = set(1 / static_cast<double>(d)), tiny = set(1e-6), one = set(1);
    for (std::size_t c = 0; c < n; c += lanes) {
      V sum = hn::Zero(tag), squares = hn::Zero(tag);
      for (std::size_t i = 0; i < d; ++i) sum = hn::Add(sum, load(s.x + i * n + c));
      const V mean = hn::Mul(sum, share);
      for (std::size_t i = 0; i < d; ++i) {
        const V off = hn::Sub(load(s.x + i * n + c), mean);
        squares = fma(off, off, squares);
      }
      const V factor = hn::Div(one, hn::Sqrt(fma(squares, share, tiny)));
      store(factor, norm.deviation + c);
      for (std::size_t i = 0; i < d; ++i)
        store(hn::Mul(hn::Sub(load(s.x + i * n + c), mean), factor), norm.normal + i * n + c);
    }
  }

  // s.normed = normal scale + bias.
  void scale(const typename Scratch::Norm& norm, const VectorPlace& scales, const VectorPlace& biases) const {
    for (std::size_t i = 0; i < d; ++i) {
      const V factor = hn::Set(tag, weights(scales.at)[i]), bias = hn::Set(tag, weights(biases.at)[i]);
      for (std::size_t c = 0; c < n; c += lanes)
        store(fma(load(norm.normal + i * n + c), factor, bias), s.normed + i * n + c);
    }
  }

  // From the gradient of s.normed in s.gradient: those of scale and bias, and s.change += (or =) that of the input.
  void normaliseBack(const typename Scratch::Norm& norm, const VectorPlace& scales, std::size_t scaleEntry,
                     std::size_t biasEntry, bool add) const {
    const V share = set(1 / static_cast<double>(d));
    for (std::size_t c = 0; c < n; c += lanes) {
      V sum = hn::Zero(tag), along = hn::Zero(tag);
      for (std::size_t i = 0; i < d; ++i) {
        T* at = s.gradient + i * n + c;
        const V g = load(at), normal = load(norm.normal + i * n + c);
        addPartial(scaleEntry + i, c, hn::Mul(g, normal));
        addPartial(biasEntry + i, c, g);
        const V scaled = hn::Mul(g, hn::Set(tag, weights(scales.at)[i]));
        store(scaled, at);
        sum = hn::Add(sum, scaled);
        along = fma(scaled, normal, along);
      }
      const V mean = hn::Mul(sum, share), slope = hn::Mul(along, share), factor = load(norm.deviation + c);
      for (std::size_t i = 0; i < d; ++i) {
        const V off = hn::Sub(load(s.gradient + i * n + c), mean);
        const V change = hn::Mul(fnma(load(norm.normal + i * n + c), slope, off), factor);
        T* at = s.change + i * n + c;
        store(add ? hn::Add(load(at), change) : change, at);
      }
    }
  }

  struct Head { // of one sequence; rows as in qkv, columns of the sequence
    const T *q, *k, *v;
    T *probability, *mixed;
  };
  Head headOf(const typename Scratch::Layer& layer, std::size_t sequence, std::size_t head) const {
    const std::size_t row = head * shape.headWidth() * n + sequence * shape.padded;
    return {layer.qkv + row, layer.qkv + d * n + row, layer.qkv + 2 * d * n + row,
            layer.probability + (sequence * shape.heads + head) * shape.padded * shape.padded, layer.mixed + row};
  }
  // Keys that the queries of the strip at `query` may see.
  std::size_t keysAt(std::size_t query) const { return std::min(shape.context, query + kStrip); }

  // p[k][query ..]: scores to probabilities; keys after their query get 0.
  void softmax(T* p, std::size_t query, std::size_t keys) const {
    const std::size_t row = shape.padded;
    const V factor = set(1 / std::sqrt(static_cast<double>(shape.headWidth())));
    for (std::size_t c = query; c < query + kStrip; c += lanes) {
      const V place = hn::Iota(tag, static_cast<T>(c));
      V most = hn::Mul(load(p + c), factor), sum = hn::Zero(tag);
      for (std::size_t k = 0; k < keys; ++k) {
        const V now = hn::Mul(load(p + k * row + c), factor);
        store(now, p + k * row + c);
        most = hn::IfThenElse(hn::And(hn::Gt(now, most), hn::Ge(place, set(static_cast<double>(k)))), now, most);
      }
      for (std::size_t k = 0; k < keys; ++k) {
        T* at = p + k * row + c;
        V power = exponential<T>(hn::Sub(load(at), most));
        if (k > query) power = hn::IfThenElseZero(hn::Ge(place, set(static_cast<double>(k))), power);
        store(power, at);
        sum = hn::Add(sum, power);
      }
      const V inverse = hn::Div(set(1), sum);
      for (std::size_t k = 0; k < keys; ++k) store(hn::Mul(load(p + k * row + c), inverse), p + k * row + c);
    }
  }

  void attend(const Head& head) const {
    const std::size_t e = shape.headWidth(), row = shape.padded;
    for (std::size_t query = 0; query < row; query += kStrip) {
      const std::size_t keys = keysAt(query);
      product({keys, kStrip, e, head.k, 1, n, head.q + query, n, head.probability + query, row, false});
      enter(Phase::Nonlinear);
      softmax(head.probability, query, keys);
      product({e, kStrip, keys, head.v, n, 1, head.probability + query, row, head.mixed + query, n, false});
    }
  }

  // s.score[k][query ..], the gradient of the probabilities, becomes that of the raw scores.
  void softmaxBack(const T* p, std::size_t query, std::size_t keys) const {
    const std::size_t row = shape.padded;
    const V factor = set(1 / std::sqrt(static_cast<double>(shape.headWidth())));
    for (std::size_t c = query; c < query + kStrip; c += lanes) {
      V sum = hn::Zero(tag);
      for (std::size_t k = 0; k < keys; ++k) sum = fma(load(p + k * row + c), load(s.score + k * row + c), sum);
      for (std::size_t k = 0; k < keys; ++k) {
        T* at = s.score + k * row + c;
        store(hn::Mul(hn::Mul(load(p + k * row + c), factor), hn::Sub(load(at), sum)), at);
      }
    }
  }

  // From the gradient of head.mixed (rows in `mixed`) those of q, k and v.
  void attendBack(const Head& head, const T* mixed, T* q, T* k, T* v) const {
    const std::size_t e = shape.headWidth(), row = shape.padded;
    for (std::size_t query = 0; query < row; query += kStrip) {
      const std::size_t keys = keysAt(query);
      product({keys, kStrip, e, head.v, 1, n, mixed + query, n, s.score + query, row, false});
      softmaxBack(head.probability, query, keys);
      product({e, kStrip, keys, head.k, n, 1, s.score + query, row, q + query, n, false});
    }
    againstQueries(head.q, s.score, k);
    againstQueries(mixed, head.probability, v);
  }

  // out[e][key] = sum over queries from the key on of a[e][query] b[key][query].
  void againstQueries(const T* a, const T* b, T* out) const {
    const std::size_t row = shape.padded;
    for (std::size_t key = 0; key < row; key += kStrip)
      transpose(b + key * row + key, row, kStrip, row - key, s.scoreTurned + key * row + key, row);
    for (std::size_t key = 0; key < row; key += kStrip)
      product({shape.headWidth(), kStrip, shape.context - key, a + key, n, 1, s.scoreTurned + key * row + key, row,
               out + key, n, false});
  }

  void eachHead(const auto& visit) const {
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence)
      for (std::size_t head = 0; head < shape.heads; ++head) visit(sequence, head);
  }

  void forwardLayer(std::size_t l) const {
    const LayerPlaces& w = shape.layer[l];
    const auto& at = s.layerAt(l);
    normalise(at.norm1);
    scale(at.norm1, w.ln1Scale, w.ln1Bias);
    apply(w.q, 3 * d, s.normed, at.qkv, false);
    eachHead([&](std::size_t sequence, std::size_t head) { attend(headOf(at, sequence, head)); });
    apply(w.o, d, at.mixed, s.x, true);
    normalise(at.norm2);
    scale(at.norm2, w.ln2Scale, w.ln2Bias);
    apply(w.w1, shape.ffn, s.normed, at.hidden, false);
    addBias(w.b1, at.hidden, true);
    apply(w.w2, d, at.hidden, s.x, true);
    addBias(w.b2, s.x, false);
  }

  void addBias(const VectorPlace& bias, T* rows, bool relu) const {
    for (std::size_t r = 0; r < bias.size; ++r) {
      const V b = hn::Set(tag, weights(bias.at)[r]);
      for (std::size_t c = 0; c < n; c += lanes) {
        const V sum = hn::Add(load(rows + r * n + c), b);
        store(relu ? hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(tag)), sum) : sum, rows + r * n + c);
      }
    }
  }

  void backwardLayer(std::size_t l) const {
    const LayerPlaces& w = shape.layer[l];
    const auto& at = s.layerAt(l);
    turn(s.change);
    outer(w.w2, shape.ffn, at.hidden);
    addRows(w.b2.entry, s.change, d);
    applyBack(w.w2, d, s.change, s.hiddenGradient);
    for (std::size_t k = 0; k < shape.ffn * n; k += lanes)
      store(hn::IfThenElseZero(hn::Gt(load(at.hidden + k), hn::Zero(tag)), load(s.hiddenGradient + k)),
            s.hiddenGradient + k);
    addRows(w.b1.entry, s.hiddenGradient, shape.ffn);
    scale(at.norm2, w.ln2Scale, w.ln2Bias);
    turn(s.normed);
    outer(w.w1, shape.ffn, s.hiddenGradient);
    applyBack(w.w1, shape.ffn, s.hiddenGradient, s.gradient);
    normaliseBack(at.norm2, w.ln2Scale, w.ln2Scale.entry, w.ln2Bias.entry, true);

    turn(s.change);
    outer(w.o, d, at.mixed);
    applyBack(w.o, d, s.change, s.gradient);
    eachHead([&](std::size_t sequence, std::size_t head) {
      const std::size_t row = head * shape.headWidth() * n + sequence * shape.padded;
      T* q = s.qkvGradient + row;
      attendBack(headOf(at, sequence, head), s.gradient + row, q, q + d * n, q + 2 * d * n);
    });
    scale(at.norm1, w.ln1Scale, w.ln1Bias);
    turn(s.normed);
    outer(w.q, 3 * d, s.qkvGradient);
    applyBack(w.q, 3 * d, s.qkvGradient, s.gradient);
    normaliseBack(at.norm1, w.ln1Scale, w.ln1Scale.entry, w.ln1Bias.entry, true);
  }

  // Cross-entropy of every column; s.logits becomes its gradient, of the mean over the batch. 0 in the padding.
  void crossEntropy() {
    for (std::size_t c = 0; c < n; c += lanes) {
      V most = load(s.logits + c), sum = hn::Zero(tag);
      for (std::size_t v = 1; v < shape.vocab; ++v) most = largest(load(s.logits + v * n + c), most);
      for (std::size_t v = 0; v < shape.vocab; ++v)
        sum = hn::Add(sum, exponential<T>(hn::Sub(load(s.logits + v * n + c), most)));
      HWY_ALIGN T power[HWY_MAX_BYTES / sizeof(T)], shift[HWY_MAX_BYTES / sizeof(T)];
      store(sum, power);
      store(most, shift);
      for (std::size_t i = 0; i < lanes; ++i) s.logSum[c + i] = shift[i] + std::log(power[i]);
    }
    addLosses();
    const double weight = 1 / static_cast<double>(shape.batch * shape.context);
    for (std::size_t c = 0; c < n; c += lanes) {
      const V shift = load(s.logSum + c), factor = set(weight);
      for (std::size_t v = 0; v < shape.vocab; ++v) {
        T* at = s.logits + v * n + c;
        store(hn::Mul(exponential<T>(hn::Sub(load(at), shift)), factor), at);
      }
    }
    for (std::size_t c = 0; c < n; ++c) {
      const std::size_t sequence = c / shape.padded, t = c % shape.padded;
      if (sequence < here && t < shape.context)
        s.logits[static_cast<std::size_t>(token(sequence, t + 1)) * n + c] -= static_cast<T>(weight);
      else
        for (std::size_t v = 0; v < shape.vocab; ++v) s.logits[v * n + c] = 0;
    }
  }

  void addLosses() {
    for (std::size_t sequence = 0; sequence < here; ++sequence)
      for (std::size_t t = 0; t < shape.context; ++t) {
        const std::size_t c = sequence * shape.padded + t;
        loss += static_cast<double>(s.logSum[c] - s.logits[static_cast<std::size_t>(token(sequence, t + 1)) * n + c]);
      }
  }

  void tile() {
    embed();
    for (std::size_t l = 0; l < shape.layers; ++l) forwardLayer(l);
    normalise(s.final);
    scale(s.final, shape.finalScale, shape.finalBias);
    apply(shape.output, shape.vocab, s.normed, s.logits, false);
    addBias(shape.outputBias, s.logits, false);
    enter(Phase::Nonlinear);
    crossEntropy();
    enter(Phase::Rest);
    addRows(shape.outputBias.entry, s.logits, shape.vocab);
    turn(s.normed);
    outer(shape.output, shape.vocab, s.logits);
    applyBack(shape.output, shape.vocab, s.logits, s.gradient);
    normaliseBack(s.final, shape.finalScale, shape.finalScale.entry, shape.finalBias.entry, false);
    for (std::size_t l = shape.layers; l-- > 0;) backwardLayer(l);
    embedBack();
  }

  // The sums by lane of one entry, always in this order.
  static T total(const T* lane) {
    T eight[8];
    for (std::size_t i = 0; i < 8; ++i) eight[i] = lane[i] + lane[i + 8];
    for (std::size_t i = 0; i < 4; ++i) eight[i] += eight[i + 4];
    return (eight[0] + eight[2]) + (eight[1] + eight[3]);
  }

  double run() {
    enter(Phase::Rest);
    std::fill(job.gradient, job.gradient + shape.size, T(0));
    std::fill(s.partial, s.partial + s.partialNumbers, T(0));
    for (first = 0; first < shape.batch; first += shape.sequences) {
      here = std::min(shape.sequences, shape.batch - first);
      tile();
    }
    for (const VectorPlace& place : shape.vectors)
      for (std::size_t i = 0; i < place.size; ++i)
        gradients(place.at)[i] = total(s.partial + (place.entry + i) * kStrip);
    return loss / static_cast<double>(shape.batch * shape.context);
  }
};

template <class T> void updateAny(const UpdateJob<T>& job) {
  const Tag<T> tag;
  const auto set = [&](double value) { return hn::Set(tag, static_cast<T>(value)); };
  const auto rate = set(job.rate);
  if (job.kind == OptimizerKind::Sgd) {
    for (std::size_t i = 0; i < job.count; i += lanesOf<T>())
      hn::Store(fnma(rate, hn::Load(tag, job.gradient + i), hn::Load(tag, job.weights + i)), tag, job.weights + i);
    return;
  }
  const double t = static_cast<double>(job.step);
  const auto keep1 = set(job.beta1), keep2 = set(job.beta2), new1 = set(1 - job.beta1), new2 = set(1 - job.beta2);
  const auto unbias1 = set(1 / (1 - std::pow(job.beta1, t))), unbias2 = set(1 / (1 - std::pow(job.beta2, t)));
  const auto eps = set(job.eps), decay = set(job.kind == OptimizerKind::AdamW ? job.weightDecay : 0);
  for (std::size_t i = 0; i < job.count; i += lanesOf<T>()) {
    const auto g = hn::Load(tag, job.gradient + i), w = hn::Load(tag, job.weights + i);
    const auto m = fma(g, new1, hn::Mul(hn::Load(tag, job.first + i), keep1));
    const auto v = fma(hn::Mul(g, g), new2, hn::Mul(hn::Load(tag, job.second + i), keep2));
    hn::Store(m, tag, job.first + i);
    hn::Store(v, tag, job.second + i);
    const auto step = hn::Div(hn::Mul(m, unbias1), hn::Add(hn::Sqrt(hn::Mul(v, unbias2)), eps));
    hn::Store(fnma(rate, fma(w, decay, step), w), tag, job.weights + i);
  }
}

double gradient32(const TransformerJob<float>& job) { return Pass<float>{job}.run(); }
double gradient64(const TransformerJob<double>& job) { return Pass<double>{job}.run(); }
void update32(const UpdateJob<float>& job) { updateAny(job); }
void update64(const UpdateJob<double>& job) { updateAny(job); }

} // namespace HWY_NAMESPACE
} // namespace orrery::sweep
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace orrery::sweep {

HWY_EXPORT(gradient32);
HWY_EXPORT(gradient64);
HWY_EXPORT(update32);
HWY_EXPORT(update64);

double transformerGradient(const TransformerJob<float>& job) { return HWY_DYNAMIC_DISPATCH(gradient32)(job); }
double transformerGradient(const TransformerJob<double>& job) { return HWY_DYNAMIC_DISPATCH(gradient64)(job); }
void update(const UpdateJob<float>& job) { HWY_DYNAMIC_DISPATCH(update32)(job); }
void update(const UpdateJob<double>& job) { HWY_DYNAMIC_DISPATCH(update64)(job); }

} // namespace orrery::sweep
#endif
