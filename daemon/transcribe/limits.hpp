// Every number that bounds the words written down later.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace holdfast::transcribe {

using namespace std::chrono_literals;

// --- what is sent ---
constexpr std::int64_t k_piece_max_ms = 30'000;      // 480 KB as 16-bit PCM: a thin line is free again soon
constexpr std::int64_t k_piece_cut_from_ms = 20'000; // a longer one is cut where it is quietest, between here and there
constexpr std::int64_t k_piece_join_ms = 1'000;      // sentences so near to each other are one piece
constexpr std::int64_t k_piece_margin_ms = 200;      // around what the detector calls speech: weak begins and ends
constexpr std::int64_t k_piece_least_ms = 200;       // less is no word, and models invent text for it
constexpr std::int64_t k_change_most_ms = 30'000;    // before a loss, as far back as the call's own ring
constexpr std::size_t k_pieces_max = 20'000;         // of one recording: 24 h of short sentences

// --- the service ---
constexpr auto k_request_timeout = 60s;
constexpr auto k_backoff_first = 2'000ms;
constexpr auto k_backoff_most = 600'000ms;
constexpr int k_attempts_max = 12;                   // of one piece that the service fails at: some 20 minutes
constexpr auto k_hold = 600'000ms;                   // key, quota or model is wrong: somebody has to act
constexpr auto k_retry_after_most = 3'600'000ms;
constexpr std::size_t k_body_bytes_max = 64 * 1024;
constexpr std::size_t k_text_bytes_max = 16 * 1024;  // of 30 s; who speaks fastest needs 1 KB

// --- the work ---
constexpr std::int64_t k_ended_for_ms = 10'000;      // last words of live ears come behind the end (last_words_patience)
constexpr auto k_look_every = 5'000ms;
constexpr int k_file_looks_max = 60;                 // for a file whose last name is still to come: 5 minutes
constexpr auto k_key_again = 300'000ms;               // a sealed recording whose key cannot be had
constexpr std::size_t k_settled_max = 10'000;        // remembered by this process, beside the journal

}  // namespace holdfast::transcribe
