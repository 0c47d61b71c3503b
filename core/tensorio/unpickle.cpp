// SPDX-License-Identifier: MIT
#include "core/tensorio/unpickle.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/text.h"
#include "core/tensorio/byte_source.h"

namespace orrery::tensorio {
namespace {

enum class Call : std::uint8_t { Never, EmptyDict, Tensor, First };

struct KnownGlobal {
  std::string_view name;
  Call call; // what REDUCE makes of it
};

constexpr std::array kGlobals = {
    KnownGlobal{"collections.OrderedDict", Call::EmptyDict},
    KnownGlobal{"torch._utils._rebuild_tensor_v2", Call::Tensor},
    KnownGlobal{"torch._utils._rebuild_tensor_v3", Call::Tensor},
    KnownGlobal{"torch._utils._rebuild_parameter", Call::First},
    KnownGlobal{"torch.storage.UntypedStorage", Call::Never},
    KnownGlobal{"torch.DoubleStorage", Call::Never},
    KnownGlobal{"torch.FloatStorage", Call::Never},
    KnownGlobal{"torch.HalfStorage", Call::Never},
    KnownGlobal{"torch.BFloat16Storage", Call::Never},
    KnownGlobal{"torch.LongStorage", Call::Never},
    KnownGlobal{"torch.IntStorage", Call::Never},
    KnownGlobal{"torch.ShortStorage", Call::Never},
    KnownGlobal{"torch.CharStorage", Call::Never},
    KnownGlobal{"torch.ByteStorage", Call::Never},
    KnownGlobal{"torch.BoolStorage", Call::Never},
    KnownGlobal{"torch.float64", Call::Never},
    KnownGlobal{"torch.float32", Call::Never},
    KnownGlobal{"torch.float16", Call::Never},
    KnownGlobal{"torch.bfloat16", Call::Never},
    KnownGlobal{"torch.int64", Call::Never},
    KnownGlobal{"torch.int32", Call::Never},
    KnownGlobal{"torch.int16", Call::Never},
    KnownGlobal{"torch.int8", Call::Never},
    KnownGlobal{"torch.uint64", Call::Never},
    KnownGlobal{"torch.uint32", Call::Never},
    KnownGlobal{"torch.uint16", Call::Never},
    KnownGlobal{"torch.uint8", Call::Never},
    KnownGlobal{"torch.bool", Call::Never},
    KnownGlobal{"torch.float8_e4m3fn", Call::Never},
    KnownGlobal{"torch.float8_e5m2", Call::Never},
};

const KnownGlobal* knownGlobal(std::string_view name) {
  for (const KnownGlobal& known : kGlobals)
    if (known.name == name) return &known;
  return nullptr;
}

std::string hex(unsigned char byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  return std::string("0x") + kDigits[byte >> 4] + kDigits[byte & 15];
}

// One run over the opcodes. The first problem is kept in m_problem and ends it.
class Machine {
public:
  Machine(std::string_view bytes, const std::string& where) : m_bytes(bytes), m_where(where) {}

  Result<Pickle> run() {
    while (!m_done && !m_problem) step();
    if (m_problem) return std::move(*m_problem);
    return std::move(m_pickle);
  }

private:
  void fail(Error error) {
    if (m_problem) return;
    error.where = m_where;
    m_problem = std::move(error);
  }
  void bad(const std::string& what) { fail(badInput("pickle, byte " + std::to_string(m_at) + ": " + what)); }

  // The next `count` bytes; empty after a problem.
  std::string_view take(std::uint64_t count) {
    if (count > m_bytes.size() - m_at) {
      bad("ends early, expected " + std::to_string(count) + " more bytes, found " +
          std::to_string(m_bytes.size() - m_at));
      return {};
    }
    const std::string_view part = m_bytes.substr(m_at, count);
    m_at += count;
    return part;
  }
  std::uint64_t number(std::size_t size) {
    const std::string_view part = take(size);
    return part.size() == size ? littleEndian(part, 0, size) : 0;
  }
  std::string_view line() {
    const std::size_t end = m_bytes.find('\n', m_at);
    if (end == std::string_view::npos) return take(m_bytes.size() - m_at + 1); // reports the end
    const std::string_view text = take(end - m_at);
    ++m_at;
    return text;
  }

  PickleNode& push(PickleKind kind) {
    auto& nodes = m_pickle.nodes;
    if (nodes.size() >= kMaxPickleNodes) {
      fail(tooLarge("pickle of more than " + std::to_string(kMaxPickleNodes) + " values"));
      nodes.back() = {};
      return nodes.back();
    }
    m_stack.push_back(static_cast<PickleId>(nodes.size()));
    nodes.emplace_back().kind = kind;
    return nodes.back();
  }
  void pushInt(std::int64_t value, PickleKind kind = PickleKind::Int) { push(kind).integer = value; }
  void pushText(PickleKind kind, std::uint64_t length) {
    const std::string_view text = take(length);
    if (!m_problem) push(kind).text = text;
  }

  // The stack above the last mark may be popped, what lies under it may not.
  std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }
  std::vector<PickleId> pop(std::size_t count) {
    if (count > m_stack.size() - floor()) {
      bad("takes more from the stack than is there");
      return {};
    }
    const auto from = m_stack.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<PickleId> items(from, m_stack.end());
    m_stack.erase(from, m_stack.end());
    return items;
  }
  std::vector<PickleId> popToMark() {
    if (m_marks.empty()) {
      bad("no mark");
      return {};
    }
    std::vector<PickleId> items = pop(m_stack.size() - m_marks.back());
    m_marks.pop_back();
    return items;
  }
  PickleNode* top() {
    if (m_stack.size() > floor()) return &m_pickle.nodes[m_stack.back()];
    bad("the stack is empty");
    return nullptr;
  }

  void collect(PickleKind kind, std::vector<PickleId> items) {
    if (m_problem) return;
    if (kind == PickleKind::Dict && items.size() % 2) return bad("a key without value");
    push(kind).items = std::move(items);
  }
  // Appends to the list or dict on top.
  void extend(PickleKind kind, const std::vector<PickleId>& items) {
    PickleNode* into = m_problem ? nullptr : top();
    if (!into) return;
    if (into->kind != kind) return bad("adds items to what holds none");
    if (kind == PickleKind::Dict && items.size() % 2) return bad("a key without value");
    into->items.insert(into->items.end(), items.begin(), items.end());
  }

  void remember(std::uint64_t place) {
    if (!top()) return;
    if (place >= kMaxPickleNodes) return fail(tooLarge("pickle memo place " + std::to_string(place)));
    if (place >= m_memo.size()) m_memo.resize(place + 1, kAbsent);
    m_memo[place] = m_stack.back();
    ++m_remembered;
  }
  void recall(std::uint64_t place) {
    if (m_problem) return;
    if (place >= m_memo.size() || m_memo[place] == kAbsent) return bad("asks for memo " + std::to_string(place));
    m_stack.push_back(m_memo[place]);
  }

  void pushGlobal(std::string_view module, std::string_view name) {
    if (m_problem) return;
    std::string full(module);
    full.append(".").append(name);
    if (!knownGlobal(full))
      return fail(unsupported("the pickle asks for " + inQuotes(full) +
                              ", which is not among the plain data that is read here; nothing of it was run"));
    push(PickleKind::Global).text = std::move(full);
  }
  void stackGlobal() {
    const std::vector<PickleId> names = pop(2);
    if (m_problem) return;
    const PickleNode &module = m_pickle.at(names[0]), &name = m_pickle.at(names[1]);
    if (module.kind != PickleKind::Text || name.kind != PickleKind::Text) return bad("a global without name");
    pushGlobal(std::string(module.text), std::string(name.text));
  }

  void reduce() {
    const std::vector<PickleId> parts = pop(2);
    if (m_problem) return;
    const PickleNode &callee = m_pickle.at(parts[0]), &arguments = m_pickle.at(parts[1]);
    const KnownGlobal* known = callee.kind == PickleKind::Global ? knownGlobal(callee.text) : nullptr;
    if (!known || known->call == Call::Never || arguments.kind != PickleKind::Tuple)
      return fail(unsupported("the pickle calls " + (known ? inQuotes(known->name) : "what is no function") +
                              ", which is not done here"));
    call(*known, parts[1]);
  }
  void call(const KnownGlobal& known, PickleId tuple) {
    const std::vector<PickleId>& arguments = m_pickle.at(tuple).items;
    if (known.call == Call::EmptyDict) {
      if (!arguments.empty()) return bad("OrderedDict made from arguments");
      push(PickleKind::Dict);
    } else if (known.call == Call::First) {
      if (arguments.empty()) return bad("_rebuild_parameter without arguments");
      m_stack.push_back(PickleId{arguments[0]});
    } else {
      PickleNode& made = push(PickleKind::Tensor);
      made.text = known.name;
      made.items = {tuple};
    }
  }
  // State of an object: a state_dict hangs its "_metadata" (versions of modules) on the OrderedDict. Not needed.
  void build() {
    pop(1);
    const PickleNode* object = m_problem ? nullptr : top();
    if (object && object->kind != PickleKind::Dict) fail(unsupported("the pickle sets the state of what is no dict"));
  }

  void step();
  void stepText(unsigned char opcode);
  void stepContainer(unsigned char opcode);
  void stepOther(unsigned char opcode);
  void readLong();
  void stop();

  static constexpr PickleId kAbsent = ~PickleId{0};
  std::string_view m_bytes;
  const std::string& m_where;
  std::size_t m_at = 0;
  Pickle m_pickle;
  std::vector<PickleId> m_stack, m_memo;
  std::vector<std::size_t> m_marks; // heights of the stack
  std::uint64_t m_remembered = 0;   // MEMOIZE writes to this place
  std::optional<Error> m_problem;
  bool m_done = false;
};

// LONG1: two's complement, little-endian, of the given length; 0 bytes are 0.
void Machine::readLong() {
  const std::uint64_t size = number(1);
  if (size > 8) return fail(unsupported("pickle: an integer of " + std::to_string(size) + " bytes, at most 8"));
  const std::string_view part = take(size);
  if (m_problem) return;
  std::uint64_t value = littleEndian(part, 0, part.size());
  if (size > 0 && size < 8 && (value >> (8 * size - 1))) value |= ~std::uint64_t{0} << (8 * size);
  pushInt(static_cast<std::int64_t>(value));
}

void Machine::stop() {
  const std::vector<PickleId> last = pop(1);
  if (m_problem) return;
  m_pickle.root = last[0];
  m_done = true;
}

void Machine::step() {
  const std::string_view next = take(1);
  if (m_problem) return;
  const auto opcode = static_cast<unsigned char>(next[0]);
  switch (opcode) {
  case 'N': // NONE
    push(PickleKind::None);
    break;
  case 0x88: // NEWTRUE
  case 0x89: // NEWFALSE
    pushInt(opcode == 0x88, PickleKind::Bool);
    break;
  case 'J': // BININT
    pushInt(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
    break;
  case 'K': // BININT1
    pushInt(static_cast<std::int64_t>(number(1)));
    break;
  case 'M': // BININT2
    pushInt(static_cast<std::int64_t>(number(2)));
    break;
  case 0x8a: // LONG1
    readLong();
    break;
  case 'G': { // BINFLOAT, big-endian
    const std::string_view part = take(8);
    if (m_problem) break;
    const std::string reversed(part.rbegin(), part.rend());
    push(PickleKind::Float).number = std::bit_cast<double>(littleEndian(reversed, 0, 8));
    break;
  }
  default:
    stepText(opcode);
  }
}

void Machine::stepText(unsigned char opcode) {
  switch (opcode) {
  case 0x8c: // SHORT_BINUNICODE
    return pushText(PickleKind::Text, number(1));
  case 'X': // BINUNICODE
    return pushText(PickleKind::Text, number(4));
  case 0x8d: // BINUNICODE8
    return pushText(PickleKind::Text, number(8));
  case 'C': // SHORT_BINBYTES
    return pushText(PickleKind::Bytes, number(1));
  case 'B': // BINBYTES
    return pushText(PickleKind::Bytes, number(4));
  default:
    stepContainer(opcode);
  }
}

void Machine::stepContainer(unsigned char opcode) {
  switch (opcode) {
  case '(': // MARK
    return m_marks.push_back(m_stack.size());
  case '}': // EMPTY_DICT
    return collect(PickleKind::Dict, {});
  case ']': // EMPTY_LIST
    return collect(PickleKind::List, {});
  case ')': // EMPTY_TUPLE
    return collect(PickleKind::Tuple, {});
  case 'd': // DICT
    return collect(PickleKind::Dict, popToMark());
  case 'l': // LIST
    return collect(PickleKind::List, popToMark());
  case 't': // TUPLE
    return collect(PickleKind::Tuple, popToMark());
  case 0x85: // TUPLE1
  case 0x86:
  case 0x87:
    return collect(PickleKind::Tuple, pop(opcode - 0x84u));
  case 'a': // APPEND
    return extend(PickleKind::List, pop(1));
  case 'e': // APPENDS
    return extend(PickleKind::List, popToMark());
  case 's': // SETITEM
    return extend(PickleKind::Dict, pop(2));
  case 'u': // SETITEMS
    return extend(PickleKind::Dict, popToMark());
  default:
    stepOther(opcode);
  }
}

void Machine::stepOther(unsigned char opcode) {
  switch (opcode) {
  case 0x80: // PROTO
    if (const std::uint64_t protocol = number(1); !m_problem && (protocol < 2 || protocol > 5))
      fail(unsupported("pickle protocol " + std::to_string(protocol) + ", expected 2 to 5"));
    return;
  case 0x95: // FRAME: its length helps buffered readers only
    return void(number(8));
  case 'q': // BINPUT
    return remember(number(1));
  case 'r': // LONG_BINPUT
    return remember(number(4));
  case 0x94: // MEMOIZE
    return remember(m_remembered);
  case 'h': // BINGET
    return recall(number(1));
  case 'j': // LONG_BINGET
    return recall(number(4));
  case 'c': { // GLOBAL
    const std::string_view module = line(), name = line();
    return pushGlobal(module, name);
  }
  case 0x93: // STACK_GLOBAL
    return stackGlobal();
  case 'R': // REDUCE
    return reduce();
  case 'b': // BUILD
    return build();
  case 'Q': { // BINPERSID
    std::vector<PickleId> id = pop(1);
    return collect(PickleKind::Persistent, std::move(id));
  }
  case '.': // STOP
    return stop();
  default:
    fail(unsupported("pickle opcode " + hex(opcode) + " at byte " + std::to_string(m_at - 1) + " is not read here"));
  }
}

// toJson: both bounds are far above any checkpoint's settings.
constexpr int kMaxDepth = kMaxJsonDepth - 8; // it is put into other JSON
constexpr std::size_t kMaxSteps = 200'000;

class JsonMaker {
public:
  explicit JsonMaker(const Pickle& pickle) : m_pickle(pickle) {}
  bool overrun() const { return m_steps > kMaxSteps; }

  std::optional<Json> make(const PickleNode& node, int depth) {
    if (++m_steps > kMaxSteps || depth > kMaxDepth) return std::nullopt;
    switch (node.kind) {
    case PickleKind::None:
      return Json(nullptr);
    case PickleKind::Bool:
      return Json(node.integer != 0);
    case PickleKind::Int:
      return Json(node.integer);
    case PickleKind::Float:
      return Json(node.number);
    case PickleKind::Text:
      return text(node.text);
    case PickleKind::List:
    case PickleKind::Tuple:
      return array(node, depth);
    case PickleKind::Dict:
      return object(node, depth);
    default:
      return std::nullopt;
    }
  }

private:
  static std::optional<Json> text(const std::string& value) {
    Json json(value);
    try {
      static_cast<void>(json.dump());
    } catch (const Json::exception&) { // not UTF-8
      return std::nullopt;
    }
    return json;
  }
  static std::optional<Json> keyOf(const PickleNode& name) {
    if (name.kind == PickleKind::Int) return Json(std::to_string(name.integer));
    return name.kind == PickleKind::Text ? text(name.text) : std::nullopt;
  }
  // An element that JSON cannot hold would shift its neighbours: then the whole array goes.
  std::optional<Json> array(const PickleNode& node, int depth) {
    Json out = Json::array();
    for (const PickleId id : node.items) {
      auto item = make(m_pickle.at(id), depth + 1);
      if (!item) return std::nullopt;
      out.push_back(*std::move(item));
    }
    return out;
  }
  std::optional<Json> object(const PickleNode& node, int depth) {
    Json out = Json::object();
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const PickleNode& name = m_pickle.at(node.items[i]);
      const auto key = keyOf(name);
      auto value = make(m_pickle.at(node.items[i + 1]), depth + 1);
      if (overrun()) return std::nullopt;
      if (key && value) out[key->get_ref<const std::string&>()] = *std::move(value);
    }
    return out;
  }

  const Pickle& m_pickle;
  std::size_t m_steps = 0;
};

} // namespace

const PickleNode* Pickle::find(const PickleNode& dict, std::string_view key) const {
  if (dict.kind != PickleKind::Dict) return nullptr;
  for (std::size_t i = dict.items.size(); i >= 2; i -= 2) {
    const PickleNode& name = at(dict.items[i - 2]);
    if (name.kind == PickleKind::Text && name.text == key) return &at(dict.items[i - 1]);
  }
  return nullptr;
}

Result<Pickle> unpickle(std::string_view bytes, const std::string& where) {
  if (bytes.size() > kMaxPickleBytes)
    return tooLarge("pickle of " + std::to_string(bytes.size()) + " bytes, at most " + std::to_string(kMaxPickleBytes),
                    where);
  return Machine(bytes, where).run();
}

std::optional<Json> toJson(const Pickle& pickle, const PickleNode& node) { return JsonMaker(pickle).make(node, 0); }

} // namespace orrery::tensorio
