// The benchmarks by name. Each prints its results; the limit beside a value is measured in the same
// run with the same sizes and transport security.
#pragma once

namespace tandem::bench {

void CommandRate();
void CommandLatency();
void FeedLatency();
void FeedFanout();
void SalesIngest();  // Also sales_daily.
void M5();           // m5_import, m5_size, m5_scan, restart.
void GrantCheck();

}  // namespace tandem::bench
