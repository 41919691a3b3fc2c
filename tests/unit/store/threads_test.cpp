// Several threads write and ask at once; meant for the thread sanitizer.
#include "unit/store/journal_world.hpp"

#include <sqlite3.h>

#include <atomic>
#include <thread>

namespace holdfast::test {
namespace {

class JournalThreads : public JournalTest {
  protected:
    // Four appenders and a reader; `meddle` runs on the test's thread meanwhile.
    void run_all(const std::function<void()>& meddle) {
        constexpr int k_rows = 300;
        constexpr unsigned k_appenders = 4;
        AckBox box;
        std::atomic<bool> done{false};
        std::vector<std::thread> threads;
        for (unsigned n = 1; n <= k_appenders; ++n) {
            threads.emplace_back([&, n] {
                EXPECT_TRUE(journal->append(opened(n), box.next()));
                for (int i = 0; i < k_rows; ++i) EXPECT_TRUE(journal->append(said(n, std::to_string(i)), box.next()));
            });
        }
        threads.emplace_back([&] {
            while (!done) {
                (void)ask<store::CallList>([&](auto answer) { journal->read_calls({}, answer); });
                (void)journal->status();
            }
        });
        meddle();
        EXPECT_TRUE(box.wait(k_appenders * (k_rows + 1)));
        done = true;
        for (auto& thread : threads) thread.join();
        EXPECT_TRUE(eventually([&] { return journal->status().health == store::StoreHealth::good; }));
        for (unsigned n = 1; n <= k_appenders; ++n) {
            const auto back = texts(n);
            ASSERT_EQ(back.size(), static_cast<std::size_t>(k_rows));
            for (int i = 0; i < k_rows; ++i) EXPECT_EQ(back[static_cast<std::size_t>(i)], std::to_string(i));
        }
    }
};

TEST_F(JournalThreads, ManyAppendersAndAReader) {
    open();
    run_all([] {});
}

TEST_F(JournalThreads, ManyAppendersWhileTheDiskFailsAndTheGuardSaves) {
    options.vfs = disk.name();
    options.commit_stall = 2ms;
    options.reopen = options.full_retry = 2ms;
    open();
    run_all([&] {
        for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY}) {
            disk.fail(VfsOp::write, code, 5, FaultVfs::Times::once);
            disk.hang_syncs();
            (void)journal->append(audit("wakes the store thread"));
            (void)disk.wait_until_one_hangs();
            disk.let_go();
        }
    });
}

}  // namespace
}  // namespace holdfast::test
