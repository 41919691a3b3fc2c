#include "support/fault_vfs.hpp"

#include <chrono>

namespace holdfast::test {

void FaultVfs::fail(VfsOp op, int code, std::uint64_t nth, Times times, std::string part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_ = Fault{op, code, nth, times, std::move(part)};
    seen_ = hits_ = 0;
}

void FaultVfs::heal() {
    const std::lock_guard<std::mutex> lock(mutex_);
    fault_.reset();
}

std::uint64_t FaultVfs::hits() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return hits_;
}

std::uint64_t FaultVfs::opens_after_fault() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return opens_;
}

void FaultVfs::hang_syncs() {
    const std::lock_guard<std::mutex> lock(mutex_);
    hang_ = true;
    hanging_ = false;
}

bool FaultVfs::wait_until_one_hangs() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [this] { return hanging_; });
}

void FaultVfs::let_go() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        hang_ = false;
        ++released_;
    }
    changed_.notify_all();
}

int FaultVfs::before(VfsOp op, const std::string& path) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (op == VfsOp::sync && hang_) {
        hanging_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this, before = released_] { return released_ != before; });
    }
    if (op == VfsOp::open && path.find("-wal") != std::string::npos) ++opens_;
    if (!fault_ || fault_->op != op || path.find(fault_->part) == std::string::npos) return 0;
    const auto number = seen_++;
    if (number < fault_->nth || (number > fault_->nth && fault_->times == Times::once)) return 0;
    ++hits_;
    opens_ = 0;
    return fault_->code;
}

}  // namespace holdfast::test
