// SPDX-License-Identifier: MIT
#include "core/hooks/capture_plan.h"

namespace orrery::hooks {

std::vector<HookId> CapturePlan::hooks() const {
  std::vector<HookId> wanted;
  const auto take = [&](HookKind first, HookKind last, int layer) {
    for (int kind = static_cast<int>(first); kind <= static_cast<int>(last); ++kind)
      if (const HookId id{static_cast<HookKind>(kind), layer}; wants(id)) wanted.push_back(id);
  };
  take(HookKind::Tokens, HookKind::PosEmbed, -1);
  for (int layer = 0; layer < kMaxLayers; ++layer) take(HookKind::ResidPre, HookKind::ResidPost, layer);
  take(HookKind::LnFinalScale, HookKind::UnembedOut, -1);
  return wanted;
}

} // namespace orrery::hooks
