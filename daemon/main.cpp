#include <iostream>
int main() { std::cout << "maillage " MAILLAGE_VERSION "\n"; }
