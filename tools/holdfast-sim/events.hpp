// What the simulator tells the world while it runs: one line per event on standard output, as JSON
// for scripts (`{"event": ..., "at_ms": ...}`) or as a sentence for people.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace holdfast::sim {

class EventLog {
  public:
    enum class Form { people, json, none };
    explicit EventLog(Form form, std::FILE* out = stdout);
    // `sentence` may be empty: then people are not told.
    void emit(std::string_view event, const nlohmann::json& fields, const std::string& sentence);
    Form form() const { return form_; }

  private:
    Form form_;
    std::FILE* out_;
    std::chrono::steady_clock::time_point start_;
};

}  // namespace holdfast::sim
