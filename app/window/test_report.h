// SPDX-License-Identifier: MIT
// What a driven session tells its test when the window closes; see docs/testing.md.
#pragma once
#include <string>

#include "app/window/work_meter.h"

namespace orrery::app {

class MainWindow;

// JSON: frames {count, p50, p99, max} and callbacks alike (GUI-thread ms), backend, tokens, validation_messages.
void writeTestReport(const std::string& path, const WorkMeter& meter, MainWindow& window);

} // namespace orrery::app
