#include "app/purge_plan.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "metrics/catalog.hpp"

#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"purge"};
constexpr std::int64_t k_day_ms = 86'400'000;

}  // namespace

PurgePlan::PurgePlan(Parts parts) : parts_(std::move(parts)), timer_(parts_.loop), clock_(parts_.folder) {}

void PurgePlan::start() { again(k_first_after); }

void PurgePlan::again(std::chrono::milliseconds after) {
    timer_.arm(after, [this] { run(); });
}

void PurgePlan::run() {
    again(k_every);
    if (!steps_.empty() || !calls_.empty()) return;
    const auto now = parts_.loop.utc_ms();
    const auto verdict = clock_.look(now, parts_.loop.now());
    if (verdict == recording::ClockCheck::Verdict::wrong) {
        metrics::purge_skipped_total.add("clock");
        k_log.error("wall clock is implausible or has jumped, no call is purged", {{"utc_ms", now}});
    }
    if (verdict != recording::ClockCheck::Verdict::good) return;
    more_ = false;
    const auto status = parts_.journal.status();
    const double free = status.total_bytes > 0 ? static_cast<double>(status.free_bytes) / static_cast<double>(status.total_bytes) : 1;
    if (free < limits::disk_nearly_full && !parts_.sink.empty()) steps_.push_back({now - k_younger_stays_ms, false, "disk"});
    steps_.push_back({now - parts_.days.calls * k_day_ms, false, "days"});
    const bool words_first = parts_.days.words > 0 && parts_.days.words < parts_.days.calls;
    if (words_first) steps_.push_back({now - parts_.days.words * k_day_ms, true, "days"});
    if (parts_.remove_set_aside) parts_.remove_set_aside(now - (words_first ? parts_.days.words : parts_.days.calls) * k_day_ms);
    const auto audit = parts_.days.audit > 0 ? parts_.days.audit : parts_.days.calls;
    (void)parts_.journal.append(store::PurgeAudit{now, now - audit * k_day_ms});
    next_step();
}

void PurgePlan::next_step() {
    if (steps_.empty()) {
        if (more_) again(k_more);
        return;
    }
    step_ = steps_.front();
    steps_.pop_front();
    store::ReadPurgeable query;
    query.before_utc_ms = step_.before_utc_ms;
    query.words_only = step_.words_only;
    query.sink = parts_.sink;
    query.limit = k_calls_at_once;
    if (!step_.words_only) query.audio_sink = parts_.audio_sink;
    parts_.journal.read_purgeable(query, [this](base::Result<store::Purgeable> found) {
        parts_.loop.post([this, found = std::move(found)] {
            if (found) {
                if (found->waiting_for_sink > 0) {
                    k_log.warning("old calls stay: the sink lacks something of their time", {{"changes", found->waiting_for_sink}});
                }
                calls_.assign(found->calls.begin(), found->calls.end());
                more_ = more_ || static_cast<std::int64_t>(calls_.size()) == k_calls_at_once;
            }
            next_call();
        });
    });
}

void PurgePlan::next_call() {
    if (calls_.empty()) return next_step();
    const auto call = calls_.front();
    calls_.pop_front();
    purge_call(call, step_.words_only, "retention", step_.reason, [this](const base::Result<store::Committed>&) {
        parts_.loop.post([this] { next_call(); });
    });
}

void PurgePlan::purge_call(const base::CallSid& call, bool words_only, std::string actor, std::string reason,
                           std::function<void(base::Result<store::Committed>)> done) {
    const auto rows = [this, call, words_only, actor = std::move(actor), reason = std::move(reason), done] {
        const auto utc_ms = parts_.loop.utc_ms();
        const bool taken = parts_.journal.append(store::Purge{call, utc_ms, words_only, actor, reason}, [done](const store::Committed& committed) {
            if (!committed.durable) return done(base::make_error(base::Condition::retry, "store_unavailable"));
            metrics::purged_calls_total.add();
            done(committed);
        });
        if (!taken) done(base::make_error(base::Condition::retry, "store_busy"));
    };
    if (words_only) return rows();
    parts_.remove_recordings(call, [rows, done](bool gone) {
        if (gone) return rows();
        k_log.error("recordings of a call cannot be removed, its rows stay");
        done(base::make_error(base::Condition::retry, "recordings"));
    });
}

}  // namespace holdfast::app
