@NullMarked
package dev.lambic.sandbox;

import org.jspecify.annotations.NullMarked;
