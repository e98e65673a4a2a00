// The benchmarks of effects and consensus on real sales, by name. Each prints its results.
#pragma once

#include <string>

namespace tandem::bench {

void OrangeJuice();   // forecast_accuracy_orangejuice: MAPE with known prices and promotions.
void FreshRetail();   // forecast_accuracy_freshretail_…: demand behind sold-out shelves.
void FreshProfile();  // forecast_accuracy_freshretail_profile_…: what the service's runs know of
                      // it.
void ConsensusReplay();  // consensus_replay_…: two partners together against the better of the two.
void NewItems();         // new_items_…: first weeks of items that came to a shop late.

// The folder of a data set within the one that TANDEM_FORECASTING names. Ends the program with a
// message where that is not set.
std::string DataFolder(const char* name);

// Ends the program with a message.
[[noreturn]] void Fail(const std::string& what);

}  // namespace tandem::bench
