@NullMarked
package dev.lambic.store;

import org.jspecify.annotations.NullMarked;
