@NullMarked
package dev.lambic.wire;

import org.jspecify.annotations.NullMarked;
