// What one connection did, for the report: everything the client sent but the audio itself, and
// each thing it did wrong.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::sim {

struct ConnectionRecord {
    int number = 0;
    std::string model;
    int http_status = 101;
    bool configured = false;
    std::uint64_t updates_accepted = 0;
    std::uint64_t appends = 0;
    std::uint64_t audio_bytes = 0;
    std::uint64_t bytes_before_created = 0;  // audio received before session.created
    std::uint64_t bytes_before_updated = 0;  // audio received before session.updated
    std::int64_t configured_at_ms = -1;      // since the connection opened
    std::int64_t first_audio_at_ms = -1;
    std::int64_t opened_at_ms = 0;  // since the program started
    std::int64_t closed_at_ms = -1;
    std::uint64_t pings = 0;
    nlohmann::ordered_json received = nlohmann::ordered_json::array();  // every event but appends
    nlohmann::ordered_json turns = nlohmann::ordered_json::array();
    nlohmann::ordered_json responses = nlohmann::ordered_json::array();
    nlohmann::ordered_json truncates = nlohmann::ordered_json::array();
    nlohmann::ordered_json errors = nlohmann::ordered_json::array();  // sent to the client
    nlohmann::ordered_json faults = nlohmann::ordered_json::array();  // that struck
    std::vector<std::string> wrong;
    nlohmann::ordered_json close;

    void note_wrong(const std::string& what) {
        if (wrong.size() < 200) wrong.push_back(what);
    }
    nlohmann::ordered_json report() const {
        return {{"connection", number},
                {"model", model},
                {"http_status", http_status},
                {"configured", configured},
                {"opened_at_ms", opened_at_ms},
                {"closed_at_ms", closed_at_ms},
                {"configured_at_ms", configured_at_ms},
                {"first_audio_at_ms", first_audio_at_ms},
                {"updates_accepted", updates_accepted},
                {"appends", appends},
                {"audio_bytes", audio_bytes},
                {"audio_bytes_before_created", bytes_before_created},
                {"audio_bytes_before_updated", bytes_before_updated},
                {"pings", pings},
                {"turns", turns},
                {"responses", responses},
                {"truncates", truncates},
                {"errors", errors},
                {"faults", faults},
                {"wrong", wrong},
                {"received", received},
                {"close", close}};
    }
};

}  // namespace holdfast::sim
