#include "events.hpp"

#include <nlohmann/json.hpp>

namespace holdfast::sim {

EventLog::EventLog(Form form, std::FILE* out)
    : form_(form), out_(out), start_(std::chrono::steady_clock::now()) {}

void EventLog::emit(std::string_view event, const nlohmann::json& fields,
                    const std::string& sentence) {
    if (form_ == Form::none) return;
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start_);
    if (form_ == Form::json) {
        nlohmann::ordered_json line{{"event", event}, {"at_ms", at.count()}};
        for (const auto& [key, value] : fields.items()) line[key] = value;
        std::fprintf(out_, "%s\n",
                     line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    } else if (!sentence.empty()) {
        std::fprintf(out_, "%8.3f  %s\n", static_cast<double>(at.count()) / 1000.0,
                     sentence.c_str());
    }
    std::fflush(out_);
}

}  // namespace holdfast::sim
