// Every number that bounds a recording. Those of the whole daemon stand in config/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace holdfast::recording {

using namespace std::chrono_literals;

constexpr std::int64_t k_samples_per_ms = 8;                // mu-law, 8 kHz
constexpr std::size_t k_block_samples = 8'000;              // 1 s: what a killed daemon loses
constexpr std::int64_t k_same_place_samples = 160;          // a frame nearer than 20 ms to the end of the last follows it
constexpr std::size_t k_frame_base64_max = 64 * 1024;       // a message of either socket is below
constexpr auto k_ahead_max = 60s;                           // playout_waiting_max; beyond, a position is a lie
constexpr auto k_recording_max = 24h;                       // 1.4 GB; a WAV could hold 74 h
constexpr std::size_t k_queue_blocks_max = 4'096;           // 32 MB: 50 calls, two legs, 40 s of a hanging disk
constexpr auto k_sync_every = 10s;                          // what a power cut takes of a recording
constexpr auto k_announce_again = 60s;                      // a row the journal did not take or keep
constexpr auto k_repair_again = 5s;                         // a sealed file whose key cannot be had yet
constexpr auto k_look_every = 1s;                           // recording thread, when nothing comes
constexpr int k_repairs_at_once = 8;                         // of sealed ones that had to wait, between two looks at the queue
constexpr std::size_t k_repairs_max = 10'000;               // .part files of one start
constexpr auto k_stop_default = 5s;

// --- retention ---
constexpr std::size_t k_purge_files_max = 256;              // one run (D21)
constexpr std::int64_t k_clock_jump_max_ms = 24ll * 3600 * 1000;   // D22

}  // namespace holdfast::recording
