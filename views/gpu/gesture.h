// SPDX-License-Identifier: MIT
// Numbers the gestures that move a camera, so that undo can take back one as a whole: a drag from press to release, the
// notches of a wheel or the presses of a key that follow each other without a pause. GUI thread.
#pragma once
#include <QElapsedTimer>
#include <cstdint>

namespace orrery::gpu {

class Gesture {
public:
  enum class Kind { Single, Wheel, Key };
  static constexpr qint64 kPause = 500; // ms after which the next notch or key is another gesture

  std::uint64_t number() const { return m_number; }
  // A press, a fit: always another one.
  void begin() { start(Kind::Single); }
  // A notch or a key: goes on with the gesture before if that was of this kind and is not over.
  void goOn(Kind kind) {
    if (kind != m_kind || m_since.elapsed() > kPause) start(kind);
    m_since.start();
  }

private:
  void start(Kind kind) {
    m_kind = kind;
    ++m_number;
  }

  Kind m_kind = Kind::Single;
  std::uint64_t m_number = 0;
  QElapsedTimer m_since;
};

} // namespace orrery::gpu
