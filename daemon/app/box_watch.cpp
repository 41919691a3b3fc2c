#include "app/box_watch.hpp"

#include "base/wall_clock.hpp"
#include "config/limits.hpp"
#include "http/status_words.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"app"};
constexpr std::chrono::hours k_expiry_again{24};
constexpr std::int64_t k_day_s = 86'400;
constexpr std::chrono::milliseconds k_read_together{100};  // both clocks; beyond, this thread did not run in between

const char* word_of(const supervise::DiskWear& wear, bool slow) {
    if (wear.state == supervise::DiskWear::State::worn_out) return "worn_out";
    if (slow) return "slow";  // it is felt already
    switch (wear.state) {
        case supervise::DiskWear::State::worn: return "worn";
        case supervise::DiskWear::State::good: return "good";
        default: return "unknown";
    }
}

}  // namespace

std::optional<std::int64_t> ExpiryNotice::look(std::int64_t not_after_utc_s, std::int64_t now_utc_ms, base::TimePoint now) {
    if (not_after_utc_s == 0 || !base::is_plausible_now(now_utc_ms)) return std::nullopt;
    const auto left = std::chrono::seconds(not_after_utc_s - now_utc_ms / 1000);
    if (left >= limits::certificate_warning) return std::nullopt;
    if (said_of_ == not_after_utc_s && now - said_at_ < k_expiry_again) return std::nullopt;
    said_of_ = not_after_utc_s;
    said_at_ = now;
    return left.count() < 0 ? -1 : left.count() / k_day_s;
}

BoxWatch::BoxWatch(Parts parts)
    : parts_(std::move(parts)), timer_(parts_.loop), clock_(parts_.timesync), life_(parts_.disk, parts_.sys),
      commits_(metrics::commit_seconds) {
    box_.safe_mode = parts_.safe_mode;
}

void BoxWatch::start() {
    timer_.arm(k_look_every, [this] {
        start();
        look();
    });
}

void BoxWatch::look() {
    look_at_clock();
    look_at_disk();
    look_at_certificates();
    look_at_parts();
}

void BoxWatch::look_at_clock() {
    const auto began = parts_.loop.now();
    const auto utc_ms = parts_.loop.utc_ms();
    if (parts_.loop.now() - began > k_read_together) return;
    const auto seen = clock_.look(utc_ms, began);
    const auto audit = [&](const char* action, const std::string& detail) {
        if (!parts_.journal.append(store::Audit{utc_ms, "daemon", action, detail, std::nullopt})) {
            k_log.error("journal queue full, an audit row is lost");
        }
    };
    if (seen.step_ms != 0) {
        metrics::clock_step_seconds.set(static_cast<double>(seen.step_ms) / 1000);
        k_log.warning(log::events::clock_stepped, {{"step_ms", seen.step_ms}});
        audit("clock_step", "step_ms=" + std::to_string(seen.step_ms));
    }
    const std::string word = to_string(seen.state);
    const auto doubtful = [](const std::string& state) { return state == "not_set" || state == "unsynchronised"; };
    if (word != box_.clock && (doubtful(word) || doubtful(box_.clock))) {
        audit("clock", "state=" + word);
        if (doubtful(word)) {
            k_log.error(log::events::clock_not_set, {{"state", word}});
        } else {
            k_log.notice(log::events::clock_set, {{"state", word}});
        }
    }
    metrics::clock_unsynced.set(doubtful(word) ? 1 : 0);
    box_.clock = word;
}

void BoxWatch::look_at_disk() {
    const auto now = parts_.loop.now();
    if (disk_at_ && now - *disk_at_ < k_disk_every) return;
    disk_at_ = now;
    const auto wear = life_.look();
    metrics::disk_life_used_ratio.set(wear.life_used < 0 ? 0 : wear.life_used);
    box_.disk_life_used = wear.life_used;
    const std::string word = word_of(wear, commits_.look());
    if (word != box_.disk && (word == "worn" || word == "worn_out")) {
        k_log.error(log::events::disk_worn, {{"state", word}, {"life_used", wear.life_used}});
    }
    box_.disk = word;
}

void BoxWatch::look_at_certificates() {
    if (!parts_.certificates) return;
    const auto certificates = parts_.certificates();
    notices_.resize(std::max(notices_.size(), certificates.size()));
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        const auto days = notices_[i].look(certificates[i].not_after_utc_s, parts_.loop.utc_ms(), parts_.loop.now());
        if (!days) continue;
        if (*days < 0) {
            if (certificates[i].listener == "public") {
                k_log.error(log::events::certificate_expired, {{"code", "expired"}});
            } else {
                k_log.error("certificate has expired", {{"listener", certificates[i].listener}});
            }
        } else {
            k_log.warning(log::events::certificate_expires_soon, {{"listener", certificates[i].listener}, {"days_left", *days}});
        }
    }
}

void BoxWatch::look_at_parts() {
    const auto status = parts_.status();
    const auto utc_ms = parts_.loop.utc_ms();
    for (const auto& change : watch_.look(http::parts_of(status, utc_ms))) {
        if (change.name == "draining") continue;  // the drain has its own line
        const log::Field from{"from", http::to_string(change.from)}, to{"to", http::to_string(change.to)};
        if (change.to == http::PartState::down) {
            k_log.error("a part went down, callers are not served here", {{"part", change.name}, from, to, {"detail", change.detail}});
        } else if (change.to > change.from) {
            k_log.warning("a part is degraded", {{"part", change.name}, from, to, {"detail", change.detail}});
        } else {
            k_log.notice("a part is better", {{"part", change.name}, from, to, {"detail", change.detail}});
        }
    }
    auto words = http::status_words(status, utc_ms);
    auto line = words.line();
    const auto now = parts_.loop.now();
    const bool judged_anew = !told_at_ || words.judgement != judgement_;
    if (!judged_anew && (line == line_ || now - *told_at_ < k_figures_every)) return;
    judgement_ = std::move(words.judgement);
    line_ = std::move(line);
    told_at_ = now;
    parts_.tell(line_);
}

}  // namespace holdfast::app
