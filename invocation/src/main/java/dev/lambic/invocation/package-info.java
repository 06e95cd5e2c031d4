@NullMarked
package dev.lambic.invocation;

import org.jspecify.annotations.NullMarked;
