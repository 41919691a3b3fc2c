#include "app/planned_drain.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::app {
namespace {

constexpr log::Logger k_log{"drain"};

}  // namespace

base::Result<http::DrainStatus> PlannedDrain::begin(const std::string& by, const std::string& why, std::chrono::seconds limit) {
    if (stopping_) return base::make_error(base::Condition::reject, "stopping");
    status_.active = true;
    status_.by = by;
    status_.limit_utc_ms = loop_.utc_ms() + base::to_ms(limit);
    status_.ends_utc_ms = status_.limit_utc_ms + base::to_ms(limits::drain_without_restart);
    limit_at_ = loop_.now() + limit;
    state_ = limit.count() > 0 ? State::running : State::limit_passed;
    limit_.arm_at(limit_at_, [this] { state_ = State::limit_passed; });
    end_.arm_at(limit_at_ + limits::drain_without_restart, [this] {
        k_log.warning("nobody restarted after the drain, callers are taken again");
        take_back("daemon", "no_restart");
    });
    set_(true);
    k_log.notice("drain asked for, new callers go to people", {{"limit_s", limit.count()}});
    audit("drain", by, "limit_s=" + std::to_string(limit.count()) + " why=" + why);
    return status();
}

base::Result<http::DrainStatus> PlannedDrain::end(const std::string& by, const std::string& why) {
    if (stopping_) return base::make_error(base::Condition::reject, "stopping");
    if (!status_.active) return base::make_error(base::Condition::reject, "not_draining");
    k_log.notice("drain taken back, callers are taken again");
    take_back(by, why);
    return status();
}

void PlannedDrain::stopping() {
    stopping_ = true;
    limit_.cancel();
    end_.cancel();
}

http::DrainStatus PlannedDrain::status() const {
    auto status = status_;
    if (status.active) status.left_ms = std::max<std::int64_t>(0, base::to_ms(limit_at_ - loop_.now()));
    return status;
}

void PlannedDrain::take_back(const std::string& by, const std::string& why) {
    limit_.cancel();
    end_.cancel();
    status_ = {};
    state_ = State::none;
    set_(false);
    audit("undrain", by, "why=" + why);
}

void PlannedDrain::audit(const char* action, const std::string& by, std::string detail) {
    store::Audit row;
    row.utc_ms = loop_.utc_ms();
    row.actor = by;
    row.action = action;
    row.detail = std::move(detail);
    if (!journal_.append(std::move(row))) k_log.error("journal queue full, an audit row is lost");
}

}  // namespace holdfast::app
