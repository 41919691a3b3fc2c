// The daemon as the admin side shows it: one plain snapshot, filled by app/ from every part.
#pragma once

#include "store/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

// The live rung's provider, as the last calls saw it.
// One step of the ladder as the box judges it now.
struct RungStatus {
    std::string name;
    bool configured = false;
    bool usable = false;           // a call may stand on it
    std::string state;             // good, strained, down, open (breaker), off; skipped when not configured
    std::string reason;            // a fixed word
    std::int64_t connect_ms = -1;  // the last measured; -1: never
    std::int64_t first_audio_ms = -1;
    std::int64_t ping_ms = -1;
    double ping_loss = 0;          // 0 to 1, over the last pings
    double tokens_left = -1;       // 0 to 1 of the provider's budget; -1: it did not say
    std::int64_t retry_in_ms = 0;  // it is left alone for so long
};

// The box's line to the world, as its calls see it.
struct LineStatus {
    double up = 1;  // score: 1 good, 0 unusable
    double down = 1;
    bool is_down = false;            // no talk is possible
    std::optional<int> calls_max{};  // that it carries; absent: no cap is configured
};

// The live rungs together: is there one, and does it work?
struct VoiceStatus {
    std::string provider;           // the rung that a new call gets
    bool configured = false;        // some live rung has its credentials
    std::string state = "unknown";  // unknown, ok, failing, not_configured
    std::string last_error_code;
};

// The agency's database: what it does not have yet.
struct SyncStatus {
    std::string state = "off";  // off, starting, good, behind, not_allowed
    std::string reason;         // a fixed word
    std::int64_t code = 0;      // the server's
    std::optional<std::int64_t> as_of_utc_ms;  // when what waits was counted; none: not yet
    std::int64_t rows_waiting = 0;
    std::int64_t bytes_waiting = 0;   // about
    std::optional<std::int64_t> oldest_utc_ms;
    std::optional<std::int64_t> last_success_utc_ms;
    std::int64_t rows_delivered = 0;  // since the start
    std::int64_t rows_refused = 0;
    std::vector<std::pair<std::string, std::int64_t>> waiting;  // class by class
    // The sound of recordings, which goes last; none of it is in the figures above.
    struct Audio {
        std::string state = "off";
        std::string reason;
        std::int64_t code = 0;
        std::int64_t waiting = 0;    // recordings
        std::optional<std::int64_t> oldest_utc_ms;
        std::int64_t delivered = 0;  // since the start, as what follows
        std::int64_t refused = 0;    // put aside as dead letters
        std::int64_t purged = 0;     // passed over: deleted before they went
    };
    Audio audio;
};

struct PublicStatus {
    std::string address;
    std::uint16_t port = 0;  // 0: not listening
    bool tls = false;
    std::string base_url;
    std::int64_t certificate_not_after_utc_s = 0;  // 0: none
};

// The machine under the daemon, and how the daemon came up on it.
struct BoxStatus {
    std::string clock = "unknown";  // not_set, unsynchronised, good, unknown (nobody says)
    std::string disk = "unknown";   // good, worn, worn_out, slow, unknown
    double disk_life_used = -1;     // 0 to 1.1, in tenths; below 0: the disk does not say
    bool safe_mode = false;         // after a crash loop: recorded prompts and people only, no sync
};

// A drain that somebody asked for: before a restart, new callers go to people.
struct DrainStatus {
    bool active = false;
    bool in_force = false;          // the loop of the calls knows of it
    std::string by;
    std::int64_t limit_utc_ms = 0;  // what is left of the calls then goes to people with the restart
    std::int64_t ends_utc_ms = 0;   // it ends by itself, if nobody restarts
    std::int64_t left_ms = 0;       // to the limit; 0: it has passed
};

// The last synthetic call through the box's own public port (holdfastctl selftest).
struct SelftestStatus {
    std::int64_t utc_ms = 0;       // 0: there was none since the start
    bool good = false;
    std::string detail;            // a fixed word
    std::int64_t greeting_ms = -1; // from the stream's start until it was heard; -1: never
};

// How the last reload went.
struct ReloadStatus {
    std::optional<std::int64_t> utc_ms;      // none: there was none
    std::string result = "never";            // never, ok, rejected
    std::string problem;                     // of a rejected one: the first, as the log has all of them
    std::size_t problems = 0;
    std::vector<std::string> needs_restart;  // keys that are not in force as they stand in the files
};

struct DaemonStatus {
    std::string version;
    std::string site_id;
    std::int64_t started_utc_ms = 0;
    bool draining = false;
    DrainStatus drain;
    SelftestStatus selftest;
    std::int64_t calls_active = 0;
    std::int64_t calls_max = 0;
    store::StoreStatus store;
    VoiceStatus voice;
    std::vector<RungStatus> rungs;  // best first
    LineStatus line;
    SyncStatus sync;
    BoxStatus box;
    std::size_t prompts_loaded = 0;
    PublicStatus public_;
    ReloadStatus reload;
    bool ready = false;                // a caller would be served here; see decide_ready
    std::vector<std::string> reasons;  // names of the parts that are down
};

enum class PartState { ok, degraded, down };
std::string_view to_string(PartState state);

struct Part {
    std::string_view name;  // front_door, prompts, store, losses, encryption, voice, certificate, sync, configuration, selftest, clock, disk, safe_mode, draining
    PartState state = PartState::ok;
    std::string detail;  // a word or two of a fixed set
};

// What each part is doing. Only a part without which a caller gets nothing from this box is down; a
// failed store (emergency file) or a silent provider (recorded prompts, people) is degraded.
std::vector<Part> parts_of(const DaemonStatus& status, std::int64_t now_utc_ms);

// Fills `ready` and `reasons` from the parts.
void decide_ready(DaemonStatus& status, std::int64_t now_utc_ms);

}  // namespace holdfast::http
